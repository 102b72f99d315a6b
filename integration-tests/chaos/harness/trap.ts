import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CrashPoint, formatCrashPlace } from "@switchyard/agent";

/*
 * A trap ends an agent's process at a boundary of its next job. Test and agent share it as two files in the
 * agent's folder, which a SIGKILL leaves as they are.
 */

const trapPath = (folder: string): string => join(folder, "trap");
const placePath = (folder: string): string => join(folder, "crashed-at");
const never = new Promise<void>(() => undefined);

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @param boundary counted from 1, which is the acceptance of the job */
export const setTrap = (folder: string, boundary: number): void =>
  writeFileSync(trapPath(folder), String(boundary));

/** Takes the trap away. @returns whether it was still set: no boundary of the job has that number */
export function clearTrap(folder: string): boolean {
  const wasSet = readIfPresent(trapPath(folder)) !== undefined;
  rmSync(trapPath(folder), { force: true });
  return wasSet;
}

/** Where the agent was last trapped, such as `apply-host:ensureVfCount:after-intent`. */
export const trappedAt = (folder: string): string | undefined => readIfPresent(placePath(folder));

/** Ends this process by SIGKILL where the trap says. The rest of a job accepted by an earlier process is safe. */
export function crashInTrap(folder: string): CrashPoint {
  let left = Number.POSITIVE_INFINITY;
  return {
    reach: async (place) => {
      if (place.phase === "after-accept") left = Number(readIfPresent(trapPath(folder)) ?? left);
      left -= 1;
      if (left > 0) return;
      writeFileSync(placePath(folder), formatCrashPlace(place));
      clearTrap(folder);
      process.kill(process.pid, "SIGKILL");
      await never;
    },
  };
}
