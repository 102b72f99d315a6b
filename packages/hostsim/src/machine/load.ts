import type { Machine } from "./machine.ts";
import type { Process } from "./process.ts";

/** `getconf CLK_TCK` of every Linux we meet. */
export const TICKS_PER_SECOND = 100;
/** Share of one thread that the base system keeps busy, and that each vCPU does. */
const BASE_LOAD = 0.4;
const VCPU_LOAD = 0.15;
/** What a process without vCPUs counts as. */
const DAEMON_VCPUS = 0.1;
/** System time on top of a process's user time. */
const SYSTEM_SHARE = 0.25;
/** Time of a CPU that a frame costs which the card does not forward. */
const SOFTWARE_FRAME_SECONDS = 1.2e-6;

/** What a machine's CPUs did since its boot, in seconds of one thread. Only grows. */
export interface CpuLoad {
  readonly user: number;
  readonly system: number;
  readonly softirq: number;
  /** Part of `user`: time of VMs. */
  readonly guest: number;
}

export const uptimeSeconds = (machine: Machine): number =>
  (machine.clock.nowMs() - machine.boot.startedAtMs) / 1000;

/** Threads that a process keeps busy in user mode. */
const processThreads = ({ qemu, busyThreads = 0 }: Process): number =>
  VCPU_LOAD * (qemu?.options.vcpuCount ?? DAEMON_VCPUS) + busyThreads;

/** User time of a process until now. */
export const processSeconds = (machine: Machine, process: Process): number =>
  ((machine.clock.nowMs() - process.startedAtMs) / 1000) * processThreads(process);

export const processTicks = (machine: Machine, process: Process): number =>
  Math.floor(processSeconds(machine, process) * TICKS_PER_SECOND);

/** Keeps the time of a process that ends: the machine's own counters never fall. */
export function keepTimeOf(machine: Machine, process: Process): void {
  machine.boot.load.endedSeconds += processSeconds(machine, process);
}

export function cpuLoad(machine: Machine): CpuLoad {
  const { load, processes } = machine.boot;
  const running = [...processes.values()].reduce(
    (sum, process) => sum + processSeconds(machine, process),
    load.endedSeconds,
  );
  const user = uptimeSeconds(machine) * BASE_LOAD + running;
  return {
    user,
    system: user * SYSTEM_SHARE,
    softirq: load.softwareFrames * SOFTWARE_FRAME_SECONDS,
    guest: running,
  };
}

export const busySeconds = (machine: Machine): number => {
  const { user, system, softirq } = cpuLoad(machine);
  return user + system + softirq;
};

/** CPU threads that are busy at this moment, without what traffic costs. */
export function busyThreads(machine: Machine): number {
  const running = [...machine.boot.processes.values()].reduce(
    (sum, process) => sum + processThreads(process),
    0,
  );
  return (BASE_LOAD + running) * (1 + SYSTEM_SHARE);
}
