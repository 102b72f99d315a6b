import { HostError, MIGRATION_LIMITS } from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";

/** Between two looks at QEMU; how long a guest stood still is told to within this. */
const LOOK_INTERVAL_MS = 50;
/** Between two lines of progress. */
const PROGRESS_INTERVAL_MS = 5_000;

/** Says how far it is, now and then, and waits a little. @throws HostError MIGRATION_TOO_SLOW, MIGRATION_FAILED */
export type Watch = (
  what: "disk" | "memory",
  seen: { readonly done: number; readonly left: number },
) => Promise<void>;

/** Bounds one move in time, and what it may be silent. */
export function createWatch({ clock, signal, say }: StepContext, vm: string): Watch {
  const { durationMsMax, silenceMsMax } = MIGRATION_LIMITS;
  const startedMs = clock.monotonicMs();
  let [lastDone, movedMs, toldMs] = [-1, startedMs, startedMs];
  return async (what, { done, left }) => {
    signal.throwIfAborted();
    const nowMs = clock.monotonicMs();
    if (done !== lastDone) [lastDone, movedMs] = [done, nowMs];
    if (nowMs - movedMs > silenceMsMax) {
      throw new HostError("MIGRATION_FAILED", `nothing of ${vm} came through any more`, {
        found: `silence for ${silenceMsMax / 1000} s, ${left} bytes of its ${what} left`,
        needs: "a way between the hosts that lasts until all is sent",
      });
    }
    if (nowMs - startedMs > durationMsMax) {
      throw new HostError("MIGRATION_TOO_SLOW", `${vm} did not come through in time`, {
        found: `${left} bytes of its ${what} left after ${durationMsMax / 60_000} minutes`,
        needs: `an end within ${durationMsMax / 60_000} minutes`,
      });
    }
    if (nowMs - toldMs >= PROGRESS_INTERVAL_MS) {
      toldMs = nowMs;
      say(`${what}: ${done} bytes sent, ${left} left`);
    }
    await clock.sleep(LOOK_INTERVAL_MS, signal);
  };
}
