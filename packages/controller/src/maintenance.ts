import { type Service, startLoop } from "@switchyard/runtime";
import type { Store } from "@switchyard/store";
import type { WholeConfig } from "./controller-config.ts";
import type { Instruments } from "./gateway/metrics/instruments.ts";

/** How often partitions are made and old ones dropped. */
const MAINTENANCE_INTERVAL_MS = 60_000;

/** Keeps the database in order for as long as the controller runs. */
export function startMaintenance(
  store: Store,
  { clock, log }: WholeConfig,
  { rounds }: Instruments,
): Service {
  return startLoop(
    async (signal) => {
      while (!signal.aborted) {
        const report = await rounds("maintenance", () => store.maintain()).catch(
          (error: unknown) => {
            log.warn({ err: error }, "maintenance of the database failed");
            return undefined;
          },
        );
        if (report !== undefined && report.strayRows > 0) {
          log.error({ strayRows: report.strayRows }, "rows found no partition: is a clock wrong?");
        }
        await clock.sleep(MAINTENANCE_INTERVAL_MS, signal);
      }
    },
    (error) => log.error({ err: error }, "maintenance ended"),
  );
}
