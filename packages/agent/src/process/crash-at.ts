import type { Clock, Logger } from "@switchyard/runtime";
import { type CrashPoint, formatCrashPlace, noCrash } from "../jobs/crash-point.ts";

/** Longer than a signal needs to be delivered. */
const SIGNAL_WAIT_MS = 10_000;

/**
 * Ends this process by SIGKILL at the place that `SY_CRASH_AT` names, such as
 * `apply-host:ensureVfCount:after-intent`; for chaos tests. Without it nothing ever happens.
 */
export function createCrashAt(
  place: string | undefined,
  parts: { readonly clock: Clock; readonly log: Logger },
): CrashPoint {
  if (place === undefined || place === "") return noCrash;
  return {
    reach: async (reached) => {
      if (formatCrashPlace(reached) !== place) return;
      parts.log.warn({ place }, "ending here because SY_CRASH_AT says so");
      process.kill(process.pid, "SIGKILL");
      await parts.clock.sleep(SIGNAL_WAIT_MS);
    },
  };
}
