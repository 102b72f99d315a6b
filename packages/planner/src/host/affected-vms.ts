import type { Finding, Inventory, ObservedVm, VdpaDevice, VmPolicy } from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import type { Draft } from "../steps/draft.ts";
import { ensureVmStopped } from "../steps/vm-steps.ts";
import { findVfOf, viewPfs } from "./pf-view.ts";

/** Paused VMs hold their devices as running ones do. */
export const isLive = (vm: ObservedVm): boolean => vm.state === "running" || vm.state === "paused";

export const usesDevice = (vm: ObservedVm, device: VdpaDevice): boolean =>
  vm.nics.some(
    ({ mac, vhostPath }) => vhostPath === device.vhostPath || mac.toLowerCase() === device.mac,
  );

/**
 * Live VMs that a boot would end, or whose vDPA device the steps delete or replace. One whose NICs could
 * not be read counts as soon as any device goes: the kernel would block for ever on a device in use.
 */
export function findAffectedVms(observed: Inventory, drafts: readonly Draft[]): readonly string[] {
  const isBooting = drafts.some(({ kind }) => kind === "ensureRebooted");
  const doomed = drafts.flatMap((step) => doomedDevice(observed, step) ?? []);
  if (doomed.length === 0 && !isBooting) return [];
  const isAffected = (vm: ObservedVm) =>
    isBooting || vm.nics.length === 0 || doomed.some((device) => usesDevice(vm, device));
  return observed.vms
    .filter(isLive)
    .filter(isAffected)
    .map(({ vm }) => vm)
    .sort();
}

function doomedDevice(observed: Inventory, step: Draft): VdpaDevice | undefined {
  if (step.kind !== "ensureNoVdpaDevice" && step.kind !== "ensureVdpaDevice") return undefined;
  const { vf } = step.arguments;
  const view = viewPfs(observed).find(({ pf }) => pf.pciAddress === vf.pf);
  return view === undefined ? undefined : findVfOf(view.pf, vf.index)?.vdpa;
}

/** The steps that come before all others for the sake of VMs that would break. */
export const vmSteps = (vms: readonly string[], policy: VmPolicy): readonly Draft[] =>
  policy === "stop" ? vms.map(ensureVmStopped) : [];

const WARNINGS = {
  stop: "stopped first, and not started again",
  force: "cut off without being asked",
} as const;

/** Blocks the plan while VMs stand in its way, unless whoever asked has decided about them. */
export function affectedVmFindings(
  host: string,
  vms: readonly string[],
  policy: VmPolicy,
): readonly Finding[] {
  const [first] = vms;
  if (first === undefined) return [];
  const text = {
    message: `${host} runs ${vms.length === 1 ? "a VM" : `${vms.length} VMs`} that would lose NIC or power`,
    found: `running: ${vms.join(", ")}`,
  };
  if (policy === "refuse") {
    return [
      errorFinding("VMS_WOULD_BREAK", {
        ...text,
        needs: "none of them running on this host",
        fix: `swy vm delete ${first}, or plan with --vms stop`,
      }),
    ];
  }
  return [
    warningFinding("VMS_WOULD_BREAK", {
      ...text,
      needs: `as asked, they are ${WARNINGS[policy]}`,
      fix: "Nothing, if that is what you want.",
    }),
  ];
}
