import {
  type Finding,
  findPf,
  findVf,
  type Inventory,
  type ObservedVm,
  type VdpaDevice,
  type Vf,
  type VfRef,
  type VmPolicy,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import type { Draft } from "../steps/draft.ts";
import { ensureVmStopped } from "../steps/vm-steps.ts";

/** Paused VMs hold their devices as running ones do. */
export const isLive = (vm: ObservedVm): boolean => vm.state === "running" || vm.state === "paused";

export const usesDevice = (vm: ObservedVm, device: VdpaDevice): boolean =>
  vm.nics.some(
    ({ mac, vhostPath }) => vhostPath === device.vhostPath || mac.toLowerCase() === device.mac,
  );

/** Whether the VM holds the VF, by its vDPA device or by vfio. */
export const usesVf = (vm: ObservedVm, vf: Vf): boolean =>
  (vf.vdpa !== undefined && usesDevice(vm, vf.vdpa)) ||
  vm.nics.some(({ pciAddress }) => pciAddress === vf.pciAddress);

/**
 * Live VMs that a boot would end, or whose vDPA device or VF the steps remove, replace or change. One whose
 * NICs could not be read counts as soon as any device goes: the kernel would block for ever on a device in
 * use.
 */
export function findAffectedVms(observed: Inventory, drafts: readonly Draft[]): readonly string[] {
  const isBooting = drafts.some(({ kind }) => kind === "ensureRebooted");
  const doomed = drafts.flatMap((step) => doomedVfs(observed, step));
  if (doomed.length === 0 && !isBooting) return [];
  const isAffected = (vm: ObservedVm) =>
    isBooting || vm.nics.length === 0 || doomed.some((vf) => usesVf(vm, vf));
  return observed.vms
    .filter(isLive)
    .filter(isAffected)
    .map(({ vm }) => vm)
    .sort();
}

function doomedVfs(observed: Inventory, step: Draft): readonly Vf[] {
  switch (step.kind) {
    case "ensureVfCount":
      return findPf(observed, step.arguments.pf)?.pf.vfs ?? [];
    case "ensureNoVdpaDevice":
    case "ensureVdpaDevice":
      return vfsAt(observed, step.arguments.vf).filter(({ vdpa }) => vdpa !== undefined);
    case "ensureVfDriver":
    case "ensureVfAdminMac":
      return vfsAt(observed, step.arguments.vf);
    default:
      return [];
  }
}

function vfsAt(observed: Inventory, { pf, index }: VfRef): readonly Vf[] {
  const vf = findVf(observed, pf, index);
  return vf === undefined ? [] : [vf];
}

/** The steps that come before all others for the sake of VMs that would break. */
export const vmSteps = (
  vms: readonly string[],
  policy: VmPolicy,
  observed: Inventory,
): readonly Draft[] => {
  const runtimeOf = (name: string) => observed.vms.find(({ vm }) => vm === name)?.runtime;
  return policy === "stop" ? vms.map((vm) => ensureVmStopped(vm, undefined, runtimeOf(vm))) : [];
};

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
  if (vms.length === 0) return [];
  const text = {
    message: `${host} runs ${vms.length === 1 ? "a VM" : `${vms.length} VMs`} that would lose NIC or power`,
    found: `running: ${vms.join(", ")}`,
  };
  if (policy === "refuse") {
    return [
      errorFinding("VMS_WOULD_BREAK", {
        ...text,
        needs: "none of them running on this host",
        fix: `swy host evacuate ${host}, or plan with --vms stop`,
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
