import type { CommandAnswer } from "@switchyard/bus";
import type { SnapshotSeries } from "@switchyard/model";
import { type Clock, type Logger, Semaphore, type Service, startLoop } from "@switchyard/runtime";
import type { SnapshotStore, WantedSnapshots } from "@switchyard/store";
import type { HostCommands } from "../dispatch/host-commands.ts";

const ROUND_MS = 1_000;
/** Between two tries on one job: a host that is away comes back when it comes back. */
const RETRY_MS = 30_000;
const JOBS_PER_ROUND_MAX = 64;
/** Half a mebibyte each, and each may take its whole time. */
const FETCHES_AT_ONCE = 8;

export interface FetchParts {
  readonly store: Pick<SnapshotStore, "claim" | "put">;
  readonly commands: Pick<HostCommands, "snapshots">;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings the snapshots of host plans from their hosts into the database when they end, because a host may be
 * gone when somebody wants to see them. Any number of controllers do so side by side.
 */
export function startFetchingSnapshots(parts: FetchParts): Service {
  const { clock, log } = parts;
  return startLoop(
    async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(ROUND_MS, signal);
        if (signal.aborted) return;
        await fetchOnce(parts).catch((error: unknown) =>
          log.warn({ err: error }, "snapshots wait"),
        );
      }
    },
    (error) => log.error({ err: error }, "fetching snapshots ended"),
  );
}

async function fetchOnce(parts: FetchParts): Promise<void> {
  const wanted = await parts.store.claim({ max: JOBS_PER_ROUND_MAX, retryMs: RETRY_MS });
  const gate = new Semaphore(FETCHES_AT_ONCE);
  await Promise.all(wanted.map((each) => gate.run(() => fetchJob(parts, each))));
}

async function fetchJob({ store, commands, log }: FetchParts, wanted: WantedSnapshots) {
  const { job, host, epoch } = wanted;
  try {
    const answer = await commands.snapshots({ host, id: job, epoch });
    const series = seriesOf(answer, wanted);
    const hasNone = answer.reason === "SNAPSHOT_NOT_FOUND";
    if (series !== undefined || hasNone) await store.put(job, series);
    else
      log.warn({ job, host, found: answer.message }, "a host sent no snapshots that can be read");
  } catch (error) {
    log.info({ err: error, job, host }, "snapshots were not fetched yet");
  }
}

/** What the answer holds, where it is of this job and host: a host speaks for itself only. */
export const seriesOf = (
  { snapshots }: CommandAnswer,
  { job, host }: Pick<WantedSnapshots, "job" | "host">,
): SnapshotSeries | undefined =>
  snapshots?.job === job && snapshots.host === host ? snapshots : undefined;
