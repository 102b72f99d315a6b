import { type Clock, type Logger, Semaphore, type Service, startLoop } from "@switchyard/runtime";
import type { DispatchStore } from "@switchyard/store";
import type { Rounds } from "../gateway/metrics/instruments.ts";
import type { HostCommands } from "./host-commands.ts";

export interface HousekeepingParts {
  readonly store: Pick<DispatchStore, "expireOverdue" | "listCancelRequested">;
  readonly commands: Pick<HostCommands, "cancel">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rounds: Rounds;
}

const ROUND_MS = 1_000;
/** Agents asked to cancel at once; each may take its whole time to answer. */
const CANCELS_AT_ONCE = 16;

/** Ends jobs that nobody accepted in time, and tells agents again of jobs to cancel. */
export function startHousekeeping(parts: HousekeepingParts): Service {
  const { store, commands, clock, log, rounds } = parts;
  const gate = new Semaphore(CANCELS_AT_ONCE);
  const round = async () => {
    const { expired } = await store.expireOverdue();
    for (const { id, host } of expired) log.warn({ job: id, host }, "job expired unaccepted");
    const jobs = await store.listCancelRequested();
    await Promise.all(
      jobs.map((job) =>
        // A host that is away is told in a later round.
        gate.run(() => commands.cancel(job).catch(() => undefined)),
      ),
    );
  };
  return startLoop(
    async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(ROUND_MS, signal);
        await rounds("housekeeping", round).catch((error: unknown) =>
          log.warn({ error }, "housekeeping failed"),
        );
      }
    },
    (error) => log.error({ error }, "housekeeping ended"),
  );
}
