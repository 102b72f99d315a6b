import type { Leftovers, VmState } from "@switchyard/model";

/** A VM as far as the question goes what belongs to it on a host. */
export interface OwningVm {
  readonly vm: string;
  readonly state: VmState;
  readonly macs: readonly string[];
}

/** Something on a host that belongs to no VM there. */
export interface Leak {
  readonly kind: "process" | "run-folder" | "disk" | "shown-disk" | "device";
  /** For people: `run folder of web-1`. */
  readonly text: string;
}

/** States in which a VM has no process on its host. */
const WITHOUT_PROCESS: readonly VmState[] = ["stopped"];

/**
 * What lies on a host of VMs that are not there any more, by their names. Right only while no job is at work on the
 * host: what a job is about to make or to take away is its own.
 */
export function findLeaks(vms: readonly OwningVm[], left: Leftovers): readonly Leak[] {
  const states = new Map(vms.map(({ vm, state }) => [vm, state]));
  const isGone = (vm: string) => !states.has(vm);
  const mayNotRun = (vm: string) => {
    const state = states.get(vm);
    return state === undefined || WITHOUT_PROCESS.includes(state);
  };
  const leak = (kind: Leak["kind"], text: string): Leak => ({ kind, text });
  return [
    ...left.processes
      .filter(({ vm }) => mayNotRun(vm))
      .map(({ vm, pid }) => leak("process", `process ${pid} of ${vm}`)),
    ...left.runFolders.filter(isGone).map((vm) => leak("run-folder", `run folder of ${vm}`)),
    ...left.diskFolders.filter(isGone).map((vm) => leak("disk", `disk folder of ${vm}`)),
    ...left.shownDisks.map(({ device, vm }) => leak("shown-disk", `disk of ${vm} at ${device}`)),
  ];
}

/** A vDPA device as far as it may be nobody's. */
export interface OwnedDevice {
  readonly name: string;
  readonly mac: string;
}

/** vDPA devices whose MAC is neither their slot's own nor that of a VM on the host. */
export function findDeviceLeaks(
  vms: readonly OwningVm[],
  devices: readonly OwnedDevice[],
  slotMacs: readonly string[],
): readonly Leak[] {
  const owned = new Set([...slotMacs, ...vms.flatMap(({ macs }) => macs)]);
  return devices
    .filter(({ mac }) => !owned.has(mac))
    .map(({ name, mac }) => ({ kind: "device", text: `${name} has ${mac}, which is nobody's` }));
}
