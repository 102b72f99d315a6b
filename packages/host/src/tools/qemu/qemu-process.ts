import type { Host } from "../../port/host.ts";
import { findProcess } from "../procfs/procfs.ts";
import { readOptional } from "../tool.ts";
import { parseVmName } from "./parse.ts";

/**
 * The QEMU of a VM, or of a boot that changes an image. A pid alone is no proof: it is compared with the name on the command line, and with the start
 * time it names a process for good.
 */
export interface VmProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly isAlive: boolean;
}

/** The process that the first pid file which is there names; undefined where none is. */
export async function readQemuProcess(
  host: Host,
  { name, pidFiles }: { readonly name: string; readonly pidFiles: readonly string[] },
): Promise<VmProcess | undefined> {
  let text: string | undefined;
  for (const path of pidFiles) text ??= await readOptional(host, path);
  const pid = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const stat = await findProcess(host, pid);
  if (stat === undefined || stat.state === "Z") return { pid, startTicks: 0, isAlive: false };
  const commandLine = (await readOptional(host, `/proc/${pid}/cmdline`)) ?? "";
  return { pid, startTicks: stat.startTicks, isAlive: parseVmName(commandLine) === name };
}
