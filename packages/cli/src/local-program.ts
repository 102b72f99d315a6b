import { spawn } from "node:child_process";
import { constants } from "node:os";
import { SIGNAL_STATUS_BASE } from "./exit-codes.ts";

/** What a program gets to end by itself once it is told to. */
const KILL_AFTER_MS = 5_000;

/**
 * Runs a program of the machine that the command line is on, with its streams, without a shell, to its end. Once the
 * signal aborts it is told to end, and killed 5 s later.
 *
 * @returns its exit status; 128 and more for a death by signal
 * @throws Error where it can't be started
 */
export function runLocalProgram(
  [program, ...args]: readonly [program: string, ...args: string[]],
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    let killing: NodeJS.Timeout | undefined;
    const onAbort = () => {
      child.kill("SIGTERM");
      killing = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
    };
    const settle = () => {
      clearTimeout(killing);
      signal.removeEventListener("abort", onAbort);
    };
    child.once("error", (error) => {
      settle();
      reject(error);
    });
    child.once("exit", (status, by) => {
      settle();
      resolve(status ?? SIGNAL_STATUS_BASE + (by === null ? 0 : constants.signals[by]));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
