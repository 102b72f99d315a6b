import type { Finding, Inventory, ObservedVm, VdpaDevice } from "@switchyard/model";
import { errorFinding } from "../findings/finding.ts";
import type { Draft } from "../steps/draft.ts";
import { findVfOf, viewPfs } from "./pf-view.ts";

/** Paused VMs hold their devices as running ones do. */
export const isLive = (vm: ObservedVm): boolean => vm.state === "running" || vm.state === "paused";

export const usesDevice = (vm: ObservedVm, device: VdpaDevice): boolean =>
  vm.nics.some(
    ({ mac, vhostPath }) => vhostPath === device.vhostPath || mac.toLowerCase() === device.mac,
  );

/**
 * Live VMs whose vDPA device the steps delete or replace. One whose NICs could not be read counts as
 * soon as any device goes: the kernel would block for ever on a device in use.
 */
export function findAffectedVms(observed: Inventory, drafts: readonly Draft[]): readonly string[] {
  const doomed = drafts.flatMap((step) => doomedDevice(observed, step) ?? []);
  if (doomed.length === 0) return [];
  return observed.vms
    .filter(isLive)
    .filter((vm) => vm.nics.length === 0 || doomed.some((device) => usesDevice(vm, device)))
    .map(({ vm }) => vm)
    .sort();
}

function doomedDevice(observed: Inventory, step: Draft): VdpaDevice | undefined {
  if (step.kind !== "ensureNoVdpaDevice" && step.kind !== "ensureVdpaDevice") return undefined;
  const { vf } = step.arguments;
  const view = viewPfs(observed).find(({ pf }) => pf.pciAddress === vf.pf);
  return view === undefined ? undefined : findVfOf(view.pf, vf.index)?.vdpa;
}

/** The finding that blocks a plan while VMs stand in its way. */
export function affectedVmFindings(host: string, vms: readonly string[]): readonly Finding[] {
  const [first] = vms;
  if (first === undefined) return [];
  return [
    errorFinding("VMS_WOULD_BREAK", {
      message: `${host} runs ${vms.length === 1 ? "a VM" : `${vms.length} VMs`} that would lose the NIC`,
      found: `running: ${vms.join(", ")}`,
      needs: "none of them running on this host",
      fix: `swy vm delete ${first}`,
    }),
  ];
}
