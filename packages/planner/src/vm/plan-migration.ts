import type { Inventory, MigrationChannel, MoveId, VmDesired } from "@switchyard/model";
import { isLive } from "../host/affected-vms.ts";
import { finishPlan } from "../steps/draft.ts";
import {
  type AwaitedMove,
  ensureVmKept,
  ensureVmMigrated,
  ensureVmResumed,
  tellMigration,
} from "../steps/migration-steps.ts";
import { planVmStart, type VmPlan } from "./plan-vm.ts";

/** Plans what waits for a VM on the host it goes to live. What would keep it from running there is found now. */
export const planVmAwait = (
  vm: VmDesired,
  { move, sender }: AwaitedMove,
  observed: Inventory,
): VmPlan => planVmStart(vm, observed, { awaitedBy: { move, sender } });

/** Plans a VM's way out. At its end the guest stands still, and its process stays until it is cleared. */
export const planVmMigrate = ({ vm }: VmDesired, channel: MigrationChannel): VmPlan =>
  finishPlan({ drafts: [ensureVmMigrated(vm, channel), tellMigration(vm)], findings: [] });

/** Plans a guest's first moment on its new host. Whatever is not there by now is not made: it would be another guest. */
export const planVmResume = ({ vm }: VmDesired, move: MoveId): VmPlan =>
  finishPlan({ drafts: [ensureVmResumed(vm, move), tellMigration(vm)], findings: [] });

/** Plans that a VM which was to leave stays: it goes on; one that has ended meanwhile is started. */
export function planVmKeep(vm: VmDesired, observed: Inventory): VmPlan {
  const isThere = observed.vms.some((each) => each.vm === vm.vm && isLive(each));
  if (!isThere) return planVmStart(vm, observed);
  return finishPlan({ drafts: [ensureVmKept(vm.vm)], findings: [] });
}
