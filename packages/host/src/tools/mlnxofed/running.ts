import type { Host } from "../../port/host.ts";
import { listOptional, readOptional } from "../tool.ts";

/** Whether a program of this name runs, started by whomever; scripts are known by their first argument. */
export async function isProgramRunning(host: Host, name: string): Promise<boolean> {
  for (const pid of await listOptional(host, "/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const words = ((await readOptional(host, `/proc/${pid}/cmdline`)) ?? "")
      .split("\0")
      .slice(0, 2);
    if (words.some((word) => word.split("/").at(-1) === name)) return true;
  }
  return false;
}
