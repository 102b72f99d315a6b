import type { Host } from "../../port/host.ts";
import { findProcess } from "../procfs/procfs.ts";
import { listOptional, readLinkName, readOptional } from "../tool.ts";
import { parseMemoryLock } from "./parse.ts";

/** A process by what it is called. */
export interface NamedProcess {
  readonly pid: number;
  /** `comm`, at most 15 characters. */
  readonly command: string;
}

export interface BlockedProcess extends NamedProcess {
  /** Kernel function it sleeps in; empty where the kernel does not say. */
  readonly waitsIn: string;
}

export interface DeviceHolder extends NamedProcess {
  readonly path: string;
}

/** Processes looked at, and open files of one process. */
const PROCESSES_MAX = 20_000;
const FILES_MAX = 4_096;

async function listPids(host: Host): Promise<readonly number[]> {
  const names = await listOptional(host, "/proc");
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .slice(0, PROCESSES_MAX);
}

const readCommand = async (host: Host, pid: number): Promise<string> =>
  (await readOptional(host, `/proc/${pid}/comm`)) ?? "unknown";

/** Processes in uninterruptible sleep now; short ones are normal while disks are busy. */
export async function listBlockedProcesses(host: Host): Promise<readonly BlockedProcess[]> {
  const blocked: BlockedProcess[] = [];
  for (const pid of await listPids(host)) {
    const stat = await findProcess(host, pid);
    if (stat?.state !== "D") continue;
    const waitsIn = (await readOptional(host, `/proc/${pid}/wchan`)) ?? "";
    blocked.push({
      pid,
      command: await readCommand(host, pid),
      waitsIn: waitsIn === "0" ? "" : waitsIn,
    });
  }
  return blocked;
}

/** Processes that have a `/dev/vhost-vdpa-N` open. Without such a device no process is looked at. */
export async function listVhostHolders(host: Host): Promise<readonly DeviceHolder[]> {
  const devices = (await listOptional(host, "/dev")).filter((name) =>
    name.startsWith("vhost-vdpa-"),
  );
  if (devices.length === 0) return [];
  const holders: DeviceHolder[] = [];
  for (const pid of await listPids(host)) {
    for (const file of (await listOptional(host, `/proc/${pid}/fd`)).slice(0, FILES_MAX)) {
      const name = await readLinkName(host, `/proc/${pid}/fd/${file}`);
      if (name === undefined || !devices.includes(name)) continue;
      holders.push({ path: `/dev/${name}`, pid, command: await readCommand(host, pid) });
    }
  }
  return holders;
}

/** How much memory a process may lock; undefined once it is gone. @see getrlimit(2), RLIMIT_MEMLOCK */
export async function findMemoryLock(
  host: Host,
  pid: number,
): Promise<"unlimited" | number | undefined> {
  const limits = await readOptional(host, `/proc/${pid}/limits`);
  return limits === undefined ? undefined : parseMemoryLock(limits);
}
