import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";

const running = new Set<number>();
let isHooked = false;

/** Sends SIGKILL to one process by its id; one that is gone already is fine. */
export function killByPid(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Kills the process when this one exits, so that a failed test leaves no process behind. */
export function killOnExit(pid: number): void {
  running.add(pid);
  if (isHooked) return;
  isHooked = true;
  process.once("exit", () => {
    for (const each of running) killByPid(each);
  });
}

export const forgetOnExit = (pid: number): boolean => running.delete(pid);

/** Resolves when the process has ended. */
export function untilExit(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** Whether a process with this id is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Processes a single-threaded process has started and not yet waited for. @see proc_pid_task(5) */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}
