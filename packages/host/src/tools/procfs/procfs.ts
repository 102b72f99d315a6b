import { type KernelArgument, parseKernelArguments } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { listOptional, readOptional } from "../tool.ts";
import {
  type CpuInfo,
  type OsRelease,
  type ProcessStat,
  parseBusyTicks,
  parseCpuInfo,
  parseMemoryBytes,
  parseOsRelease,
  parseProcessStat,
} from "./parse.ts";

/** USER_HZ, which is 100 on every architecture Switchyard runs on. @see sysconf(3), _SC_CLK_TCK */
export const TICKS_PER_SECOND = 100;

/** New at every boot. @see random(4) */
export const readBootId = async (host: Host): Promise<string> =>
  (await host.readFile("/proc/sys/kernel/random/boot_id")).trim();

export const readKernelRelease = async (host: Host): Promise<string> =>
  (await host.readFile("/proc/sys/kernel/osrelease")).trim();

/** Arguments that the running kernel was given. */
export const readKernelArguments = async (host: Host): Promise<readonly KernelArgument[]> =>
  parseKernelArguments(await host.readFile("/proc/cmdline"));

export const readCpuInfo = async (host: Host): Promise<CpuInfo> =>
  parseCpuInfo(await host.readFile("/proc/cpuinfo"));

export const readMemoryBytes = async (host: Host): Promise<number> =>
  parseMemoryBytes(await host.readFile("/proc/meminfo"));

export const readOsRelease = async (host: Host): Promise<OsRelease> =>
  parseOsRelease(await host.readFile("/etc/os-release"));

/** Seconds since boot in which CPUs were busy, summed over all. */
export const readCpuBusySeconds = async (host: Host): Promise<number> =>
  parseBusyTicks(await host.readFile("/proc/stat")) / TICKS_PER_SECOND;

/** Undefined once the process is gone. */
export async function findProcess(host: Host, pid: number): Promise<ProcessStat | undefined> {
  const text = await readOptional(host, `/proc/${pid}/stat`);
  return text === undefined ? undefined : parseProcessStat(text);
}

/** CPU time of a process, user and system; undefined once it is gone. */
export async function findProcessCpuSeconds(host: Host, pid: number): Promise<number | undefined> {
  const stat = await findProcess(host, pid);
  return stat === undefined ? undefined : stat.cpuTicks / TICKS_PER_SECOND;
}

/** Vendor, model and serial number; a machine without DMI says `unknown`. */
export async function readMachine(host: Host) {
  const read = async (name: string) =>
    (await readOptional(host, `/sys/class/dmi/id/${name}`)) || "unknown";
  return {
    vendor: await read("sys_vendor"),
    model: await read("product_name"),
    serial: await read("product_serial"),
  };
}

/** Processes looked at; more is no host of ours. */
const PROCESSES_MAX = 65_536;

/** Pids of processes that have this very word on their command line. */
export async function findProcessesWith(host: Host, word: string): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const name of (await listOptional(host, "/proc")).slice(0, PROCESSES_MAX)) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readOptional(host, `/proc/${name}/cmdline`))?.split("\0");
    if (words?.includes(word)) pids.push(Number(name));
  }
  return pids;
}
