import type { Hugepages, Inventory, VmDesired } from "@switchyard/model";
import { isLive } from "../host/affected-vms.ts";
import { type Draft, finishPlan } from "../steps/draft.ts";
import { ensureVmStopped } from "../steps/vm-steps.ts";
import { planVmStart, type VmPlan } from "./plan-vm.ts";

/** How a VM is brought to its end. */
export interface VmStop {
  readonly vm: VmDesired;
  /** What the guest gets to power off by itself; 0: its process is ended at once. */
  readonly gracePeriodMs: number;
}

function stopSteps({ vm, gracePeriodMs }: VmStop, observed: Inventory): readonly Draft[] {
  const known = observed.vms.find((other) => other.vm === vm.vm);
  return known === undefined ? [] : [ensureVmStopped(vm.vm, gracePeriodMs, known.runtime)];
}

/** Plans the end of a VM's process and of nothing else: slots, addresses and disk stay its own. */
export const planVmStop = (stop: VmStop, observed: Inventory): VmPlan =>
  finishPlan({ drafts: stopSteps(stop, observed), findings: [] });

/** The host as it is once the VM's process is gone: without it, and with the huge pages that it gave back. */
function withoutVm({ vm, spec }: VmDesired, observed: Inventory): Inventory {
  const isLiving = observed.vms.some((other) => other.vm === vm && isLive(other));
  const vms = observed.vms.filter((other) => other.vm !== vm);
  const { hugepageBytes: size, memoryBytes } = spec;
  const { system } = observed;
  if (!isLiving || size === undefined || system === undefined) return { ...observed, vms };
  const back = Math.ceil(memoryBytes / size);
  const givenBack = (pages: readonly Hugepages[]): readonly Hugepages[] =>
    pages.map((each) =>
      each.sizeBytes === size && each.freeCount !== undefined
        ? { ...each, freeCount: each.freeCount + back }
        : each,
    );
  const { hugepages, numaNodes } = system;
  return {
    ...observed,
    vms,
    system: {
      ...system,
      ...(hugepages !== undefined && { hugepages: givenBack(hugepages) }),
      ...(numaNodes !== undefined && {
        numaNodes: numaNodes.map((node) =>
          node.hugepages === undefined ? node : { ...node, hugepages: givenBack(node.hugepages) },
        ),
      }),
    },
  };
}

/**
 * Plans the end of a VM's process and a new one: QEMU knows no button that asks a guest to boot anew, and a new
 * process has what was updated meanwhile.
 */
export function planVmReboot(stop: VmStop, observed: Inventory): VmPlan {
  const { vm } = stop;
  return planVmStart(vm, withoutVm(vm, observed), { before: stopSteps(stop, observed) });
}
