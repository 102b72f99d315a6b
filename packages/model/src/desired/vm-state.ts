/**
 * ```
 *               .--------- start ---------.   .--> moving --> (running, stopped)
 *               v                         |   |
 *  create --> starting --> running --> stopped (and failed)
 *               ^  |        |  |  '--> stopping --> stopped
 *      reboot --'  |        |  '-- the guest shut itself down, the host booted --> stopped
 *                  '--------+----------> failed
 *  any but moving --> deleting --> (gone)       any but deleting --> lost
 * ```
 * - starting, stopping, deleting, moving: a job of the VM is at work; its end leads on.
 * - starting -> running: its start or reboot job succeeded. running -> starting: it is rebooted, or started again
 *   after its host booted.
 * - running -> stopped, running -> failed: the host's inventory shows that its process ended, and why.
 * - failed, stopped -> running: the inventory shows that it runs nevertheless.
 * - any -> failed: a job of it failed, or its process ended by itself.
 * - any -> lost: its host is lost, and nobody knows whether it runs.
 */
export type VmState =
  | "starting"
  | "running"
  | "stopping"
  | "stopped"
  | "deleting"
  | "failed"
  | "moving"
  | "lost";

/** Where each state may lead. What stays in its state is no transition. */
export const VM_TRANSITIONS: Readonly<Record<VmState, readonly VmState[]>> = {
  starting: ["running", "failed", "deleting", "lost"],
  running: ["starting", "stopping", "stopped", "failed", "deleting", "moving", "lost"],
  stopping: ["stopped", "failed", "deleting", "lost"],
  stopped: ["starting", "running", "failed", "deleting", "moving", "lost"],
  deleting: ["failed"],
  failed: ["starting", "running", "stopping", "stopped", "deleting", "moving", "lost"],
  moving: ["running", "stopped", "failed", "lost"],
  lost: ["starting", "running", "stopped", "failed", "deleting", "moving"],
};

export const canBecome = (from: VmState, to: VmState): boolean =>
  from === to || VM_TRANSITIONS[from].includes(to);

/** States from which `to` may be reached, for people to read. */
export const statesBefore = (to: VmState): readonly VmState[] =>
  (Object.keys(VM_TRANSITIONS) as VmState[]).filter((from) => VM_TRANSITIONS[from].includes(to));
