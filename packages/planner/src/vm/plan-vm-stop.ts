import type { Inventory, VmDesired } from "@switchyard/model";
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

/**
 * Plans the end of a VM's process and a new one: QEMU knows no button that asks a guest to boot anew, and a new
 * process has what was updated meanwhile.
 */
export function planVmReboot(stop: VmStop, observed: Inventory): VmPlan {
  const { vm } = stop;
  const vms = observed.vms.filter((other) => other.vm !== vm.vm);
  return planVmStart(vm, { ...observed, vms }, stopSteps(stop, observed));
}
