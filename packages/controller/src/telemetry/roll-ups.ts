import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { TelemetryStore } from "@switchyard/store";

/** A window is looked for this often; each is made once, some half a minute after its end. */
const LOOK_INTERVAL_MS = 5_000;
/** Behind by so much the log says it: queries read raw samples meanwhile, and those are kept until it is done. */
const BEHIND_MS = 10 * 60_000;

/**
 * Rolls telemetry up. All controllers look, one at a time works; where it dies the next goes on from the marks in the
 * database.
 */
export function startRollUps(parts: {
  readonly store: Pick<TelemetryStore, "rollUp">;
  readonly clock: Clock;
  readonly log: Logger;
}): Service {
  const { store, clock, log } = parts;
  return startLoop(
    async (signal) => {
      while (!signal.aborted) {
        const report = await store.rollUp().catch((error: unknown) => {
          log.warn({ err: error }, "telemetry waits to be rolled up");
          return undefined;
        });
        const behindMs = report === undefined ? 0 : clock.nowMs() - report.rolledMs["1m"];
        if (behindMs > BEHIND_MS) log.warn({ behindMs }, "rollups of telemetry are behind");
        await clock.sleep(LOOK_INTERVAL_MS, signal);
      }
    },
    (error) => log.error({ err: error }, "rollups ended"),
  );
}
