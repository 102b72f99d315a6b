import { readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type CrashPoint, formatCrashPlace } from "@switchyard/agent";

const STDOUT = 1;
const never = new Promise<void>(() => undefined);
const trapPath = (folder: string): string => join(folder, "crash-at");

/** What the program prints before it ends itself at a boundary, followed by the place. */
export const CRASHED_AT = "crashed at ";

/**
 * Makes the agent end at the n-th boundary of the next job that it accepts, counted from 1, which is the
 * acceptance itself.
 */
export const setTrap = (folder: string, boundary: number): void =>
  writeFileSync(trapPath(folder), String(boundary));

/** Takes the trap, which closes once; infinity where none is set. */
function takeTrap(folder: string): number {
  try {
    const boundary = Number(readFileSync(trapPath(folder), "utf8"));
    rmSync(trapPath(folder));
    return boundary;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** Ends this process by SIGKILL where the trap says. The rest of a job accepted by an earlier process is safe. */
export function crashAtBoundary(folder: string): CrashPoint {
  let left = Number.POSITIVE_INFINITY;
  return {
    reach: async (place) => {
      if (place.phase === "after-accept") left = takeTrap(folder);
      left -= 1;
      if (left > 0) return;
      writeSync(STDOUT, `${CRASHED_AT}${formatCrashPlace(place)}\n`);
      process.kill(process.pid, "SIGKILL");
      await never;
    },
  };
}
