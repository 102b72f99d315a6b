import type { JobId } from "@switchyard/model";
import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { DispatchStore, JobRecord, Reads } from "@switchyard/store";
import type { HostCommands } from "../dispatch/host-commands.ts";
import type { Presence } from "./presence.ts";

export interface MissingResultsParts {
  readonly jobs: Pick<Reads["jobs"], "list">;
  readonly store: Pick<DispatchStore, "endForgotten">;
  readonly presence: Pick<Presence, "latest">;
  readonly commands: Pick<HostCommands, "jobAgain">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after a commit that ended jobs. */
  readonly onCommitted?: () => void;
}

/** How often live jobs are compared with what hosts say they run. */
const COMPARE_MS = 5_000;
/** A job this long accepted and in no heartbeat has a result that did not arrive. */
const SETTLED_AFTER_MS = 12_000;
/** Jobs looked at and asked for in one round. */
const JOBS_MAX = 500;
const ASKED_MAX = 50;

/**
 * Asks hosts again for results that NATS lost after it had confirmed them: jobs accepted by a host that no
 * longer runs them, by its own heartbeat, and yet have no end. What a host then says that it does not know, its
 * ledger being lost or older than the job, ends here, as it would hold the host for ever.
 */
export function startMissingResults(parts: MissingResultsParts): Service {
  const { clock, log } = parts;
  return startLoop(
    async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(COMPARE_MS, signal);
        await askForMissing(parts).catch((error: unknown) =>
          log.warn({ error }, "live jobs can't be compared with heartbeats"),
        );
      }
    },
    (error) => log.error({ error }, "the search for missing results ended"),
  );
}

async function askForMissing(parts: MissingResultsParts): Promise<void> {
  const { jobs, store, commands, clock, log, onCommitted } = parts;
  const page = await jobs.list({
    size: JOBS_MAX,
    after: undefined,
    states: ["accepted", "running"],
  });
  const settledBeforeMs = clock.nowMs() - SETTLED_AFTER_MS;
  const missing = page.items.filter((job) => isMissing(parts, job, settledBeforeMs));
  const forgotten: JobId[] = [];
  for (const { id, host, epoch } of missing.slice(0, ASKED_MAX)) {
    log.warn({ host, job: id }, "a job's result is missing; asking the host for it");
    const answer = await commands.jobAgain({ host, id, epoch }).catch(() => undefined);
    if (answer?.reason === "JOB_NOT_FOUND") forgotten.push(id);
  }
  for (const { id, host } of await store.endForgotten(forgotten)) {
    log.error({ host, job: id }, "a job ended whose host no longer knows it");
    onCommitted?.();
  }
}

function isMissing(
  { presence }: MissingResultsParts,
  job: JobRecord,
  settledBeforeMs: number,
): boolean {
  if (job.acceptedAtMs === undefined || job.acceptedAtMs > settledBeforeMs) return false;
  const beat = presence.latest.get(job.host);
  if (beat === undefined || beat.hostEpoch !== job.hostEpoch) return false;
  const running = new Set<JobId>(beat.running.map((entry) => entry.job));
  return !running.has(job.id);
}
