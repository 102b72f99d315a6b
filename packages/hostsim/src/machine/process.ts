import type { Act } from "./act.ts";
import { keepTimeOf } from "./load.ts";
import type { Machine } from "./machine.ts";
import type { Qemu } from "./qemu.ts";

/** A long-lived process of the machine; programs that end at once are never listed. */
export interface Process {
  readonly pid: number;
  readonly name: string;
  readonly argv: readonly string[];
  readonly startedAtMs: number;
  /** Present for a virtual machine. */
  readonly qemu: Qemu | undefined;
  /** CPU threads that it keeps busy on top of what its kind does; left out: none. */
  readonly busyThreads?: number;
}

export function startProcess(
  machine: Machine,
  options: Pick<Process, "name" | "argv" | "qemu" | "busyThreads">,
): Process {
  const pid = machine.boot.nextPid;
  machine.boot.nextPid += 7;
  const process = { ...options, pid, startedAtMs: machine.clock.nowMs() };
  machine.boot.processes.set(pid, process);
  return process;
}

/** Takes a process off the machine and lets go whatever waited for its files. */
export function endProcess(machine: Machine, pid: number): void {
  const process = machine.boot.processes.get(pid);
  if (process === undefined) return;
  keepTimeOf(machine, process);
  machine.boot.processes.delete(pid);
  for (const wake of [...machine.boot.waiters]) wake();
}

/** Who holds `/dev/vhost-vdpa-N` open. */
export const holderOf = (machine: Machine, minor: number): Process | undefined =>
  [...machine.boot.processes.values()].find((process) => process.qemu?.minors.includes(minor));

export const virtualMachines = (machine: Machine): readonly Qemu[] =>
  [...machine.boot.processes.values()].flatMap(({ qemu }) => (qemu === undefined ? [] : [qemu]));

/** Starts a daemon of the base system. @returns its pid */
export const startDaemon = (
  act: Act,
  name: string,
  argv: readonly string[],
  busyThreads = 0,
): number => startProcess(act.machine, { name, argv, qemu: undefined, busyThreads }).pid;
