import { type DiskTransfer, diskEditOf, type Inventory, type VmDesired } from "@switchyard/model";
import { type Draft, finishPlan } from "../steps/draft.ts";
import { ensureDiskCopy, ensureImage, noteDiskEdited, sealDisk } from "../steps/image-steps.ts";
import { ensureVmStopped } from "../steps/vm-steps.ts";
import { ownDisk } from "./plan-image.ts";
import { planVmStart, type VmPlan } from "./plan-vm.ts";

/** Plans the end of a VM on the host it leaves: its process is gone before its disk is summed. */
export const planVmSeal = (vm: VmDesired): VmPlan =>
  finishPlan({
    drafts: [ensureVmStopped(vm.vm), ...(ownDisk(vm) === undefined ? [] : [sealDisk(vm.vm)])],
    findings: [],
  });

/** What the guest changed since it was set up is in the copy, and is not written over. */
function editNotes(vm: VmDesired): readonly Draft[] {
  const { boot } = vm.spec;
  const setup = boot.kind === "image" ? boot.guestSetup : undefined;
  return setup?.method === "disk-edit" ? [noteDiskEdited(vm.vm, diskEditOf(vm, setup))] : [];
}

/**
 * Plans what a VM needs on disk on the host it goes to. What would keep it from starting there is found now,
 * before anything is copied.
 */
export function planVmReceive(
  vm: VmDesired,
  transfer: DiskTransfer | undefined,
  observed: Inventory,
): VmPlan {
  const { findings } = planVmStart(vm, observed);
  const disk = ownDisk(vm);
  return finishPlan({
    drafts: [
      ...(vm.image === undefined ? [] : [ensureImage(vm.image, vm.vm)]),
      ...(disk === undefined || transfer === undefined
        ? []
        : [ensureDiskCopy(vm.vm, transfer, disk.base), ...editNotes(vm)]),
    ],
    findings,
  });
}
