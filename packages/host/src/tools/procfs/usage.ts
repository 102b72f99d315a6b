import type { Host } from "../../port/host.ts";
import { listOptional, readOptional } from "../tool.ts";
import {
  type CpuMode,
  parseBusyTicks,
  parseCpuTimes,
  parseMeminfo,
  parseProcessStat,
  parseThreadName,
} from "./parse.ts";
import { TICKS_PER_SECOND } from "./procfs.ts";

/** CPU time of all CPUs since the boot, in seconds. */
export interface CpuTimes {
  readonly busySeconds: number;
  readonly seconds: readonly (readonly [CpuMode, number])[];
  /** Seconds since 1970. */
  readonly bootTimeSeconds: number | undefined;
}

/** @throws HostFileError */
export async function readCpuTimes(host: Host): Promise<CpuTimes> {
  const text = await host.readFile("/proc/stat");
  const { ticks, bootTimeSeconds } = parseCpuTimes(text);
  return {
    busySeconds: parseBusyTicks(text) / TICKS_PER_SECOND,
    seconds: ticks.map(([mode, count]) => [mode, count / TICKS_PER_SECOND]),
    bootTimeSeconds,
  };
}

/** Memory of the host in bytes; `available` is undefined on kernels before 3.14. @throws HostFileError */
export async function readMemory(host: Host): Promise<{
  readonly sizeBytes: number | undefined;
  readonly availableBytes: number | undefined;
}> {
  const text = await host.readFile("/proc/meminfo");
  return {
    sizeBytes: parseMeminfo(text, "MemTotal"),
    availableBytes: parseMeminfo(text, "MemAvailable"),
  };
}

/** What QEMU's process of a VM uses. */
export interface ProcessUsage {
  /** Of the threads that run vCPUs; undefined where QEMU does not name its threads. */
  readonly vcpuSeconds: number | undefined;
  readonly residentBytes: number | undefined;
}

/** Threads of one process looked at; a VM has its vCPUs and a few more. */
const THREADS_MAX = 1024;
/** QEMU with `debug-threads=on`, as it is by default since 2.11 with KVM. @see qemu softmmu/cpus.c */
const VCPU_THREAD = /^CPU \d+\//;

/** Undefined once the process is gone. */
export async function findProcessUsage(host: Host, pid: number): Promise<ProcessUsage | undefined> {
  const status = await readOptional(host, `/proc/${pid}/status`);
  if (status === undefined) return undefined;
  let ticks: number | undefined;
  for (const thread of (await listOptional(host, `/proc/${pid}/task`)).slice(0, THREADS_MAX)) {
    const stat = await readOptional(host, `/proc/${pid}/task/${thread}/stat`);
    if (stat === undefined || !VCPU_THREAD.test(parseThreadName(stat))) continue;
    ticks = (ticks ?? 0) + (parseProcessStat(stat)?.cpuTicks ?? 0);
  }
  return {
    vcpuSeconds: ticks === undefined ? undefined : ticks / TICKS_PER_SECOND,
    residentBytes: parseMeminfo(status, "VmRSS"),
  };
}
