import { isJobEnd, type JobEvent, type JobId } from "@switchyard/model";
import type { Statement } from "../connection/exchange.ts";
import type { Session } from "../connection/session.ts";
import { lockedJobs, lockJobsStatement, noteJobEnd } from "./end-jobs.ts";
import { type Fold, foldEvents, type JobProgress } from "./fold-events.ts";
import type { JobEventBatch, JobEventOutcome } from "./job-record.ts";
import { type JobRow, toJobRecord, toJobRow } from "./job-rows.ts";
import type { StoredEvent } from "./stored-events.ts";

/*
 * Events (one row per job), end of the outbox row and new state of many jobs in one statement. Any event of the current
 * epoch says that the agent has the job, so its outbox row ends.
 */
const APPLY = {
  name: "apply_job_events",
  text: `WITH event AS (
    INSERT INTO job_events (job, epoch, first_seq, last_seq, events)
    SELECT job, epoch, first_seq, last_seq, events::json
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
      AS e(job, epoch, first_seq, last_seq, events)
    ON CONFLICT DO NOTHING),
  gone AS (
    DELETE FROM outbox o USING unnest($1::uuid[], $2::bigint[]) AS a(job, epoch)
    WHERE o.job = a.job AND o.epoch = a.epoch)
  UPDATE jobs j SET
    state = u.state, host_epoch = u.host_epoch, event_seq = u.event_seq,
    current_step = u.current_step, steps_done = u.steps_done, step_count = u.step_count,
    result = u.result::jsonb, failure = u.failure::jsonb,
    accepted_at = coalesce(j.accepted_at, now()),
    ended_at = CASE WHEN u.is_ended THEN coalesce(j.ended_at, now()) END,
    exclusive_host = CASE WHEN u.is_ended THEN NULL ELSE j.exclusive_host END,
    is_cancel_requested = j.is_cancel_requested AND NOT u.is_ended,
    last_event_at_ms = greatest(j.last_event_at_ms, u.last_event_at_ms),
    revision = nextval('revisions')
  FROM unnest($1::uuid[], $6::text[], $7::bigint[], $4::bigint[], $8::text[], $9::integer[],
              $10::integer[], $11::text[], $12::text[], $13::boolean[], $14::bigint[])
    AS u(id, state, host_epoch, event_seq, current_step, steps_done, step_count, result, failure,
         is_ended, last_event_at_ms)
  WHERE j.id = u.id
  RETURNING j.*`,
};

/** One job while its batches are folded. */
interface Working {
  readonly row: JobRow;
  progress: JobProgress;
  readonly events: JobEvent[];
}

const progressOf = (row: JobRow, hostEpoch: number): JobProgress => ({
  state: row.state,
  epoch: row.epoch,
  host: row.host,
  hostEpoch,
  currentStep: row.currentStep ?? undefined,
  stepsDone: row.stepsDone,
  stepCount: row.stepCount,
  result: row.result ?? undefined,
  failure: row.failure ?? undefined,
  cursor: row.eventSeq,
});

const hostEpochs = (batches: readonly JobEventBatch[]): Statement => ({
  name: "host_epochs",
  text: "SELECT name, host_epoch FROM hosts WHERE name = ANY($1::text[])",
  values: [[...new Set(batches.map((batch) => batch.host))]],
});

async function openJobs(
  session: Session,
  batches: readonly JobEventBatch[],
): Promise<ReadonlyMap<JobId, Working>> {
  // Jobs first: enrolling raises the epoch and then waits for these locks, so whoever comes second here
  // sees what the other did.
  const [locked, hosts] = await session.client.queryAll([
    lockJobsStatement([...new Set(batches.map((batch) => batch.job))]),
    hostEpochs(batches),
  ]);
  const epochs = new Map(hosts!.rows.map((row) => [row.name, row.host_epoch])); // one result each
  return new Map(
    [...lockedJobs(locked!)].map(([id, row]) => {
      const progress = progressOf(row, epochs.get(row.host) ?? 0);
      return [id, { row, progress, events: [] }] as const;
    }),
  );
}

function foldBatch(working: Working | undefined, batch: JobEventBatch): JobEventOutcome {
  if (working === undefined) return { kind: "stale", why: "unknown-job" };
  const fold: Fold = foldEvents(working.progress, batch);
  working.progress = fold.progress;
  working.events.push(...fold.stored);
  return fold.outcome;
}

const jsonOrNull = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

const toStored = ({ seq, atMs, body }: JobEvent): StoredEvent => ({ seq, atMs, body });

/** As a whole number that the database takes, whatever an agent's clock says: it fails the batch of all hosts otherwise. */
const lastAtMs = (events: readonly JobEvent[]): number =>
  Math.round(Math.min(Math.max(0, ...events.map(({ atMs }) => atMs)), Number.MAX_SAFE_INTEGER));

async function write(session: Session, moved: readonly Working[]): Promise<readonly JobRow[]> {
  const states = moved.map((working) => working.progress);
  const { rows } = await session.client.query({
    ...APPLY,
    values: [
      moved.map((working) => working.row.id),
      moved.map((working) => working.row.epoch),
      moved.map((working) => working.events[0]?.seq),
      states.map((state) => state.cursor),
      moved.map((working) => JSON.stringify(working.events.map(toStored))),
      states.map((state) => state.state),
      states.map((state) => state.hostEpoch),
      states.map((state) => state.currentStep ?? null),
      states.map((state) => state.stepsDone),
      states.map((state) => state.stepCount),
      states.map((state) => jsonOrNull(state.result)),
      states.map((state) => jsonOrNull(state.failure)),
      states.map((state) => isJobEnd(state.state)),
      moved.map(({ events }) => lastAtMs(events)),
    ],
  });
  return rows.map(toJobRow);
}

/** The audit's record of every command that ran on a host, in the name of who asked for the job. */
function noteCommands(session: Session, working: Working): void {
  const { row, events } = working;
  for (const { body } of events) {
    if (body.kind !== "command") continue;
    const { argv, exitCode, durationMs, outputDigest } = body.command;
    session.audits.push({
      actor: row.actor,
      action: "host.command",
      resource: `hosts/${row.host}`,
      details: {
        job: row.id,
        step: body.step,
        argv: JSON.stringify(argv),
        exit_code: exitCode === undefined ? "" : String(exitCode),
        duration_ms: String(durationMs),
        output_sha256: outputDigest,
      },
    });
  }
}

const isVisiblyMoved = (before: JobRow, after: JobRow): boolean =>
  before.state !== after.state ||
  before.currentStep !== after.currentStep ||
  before.stepsDone !== after.stepsDone ||
  before.stepCount !== after.stepCount;

function noteMove(session: Session, before: JobRow, after: JobRow): void {
  if (!isVisiblyMoved(before, after)) return;
  const record = toJobRecord(after);
  if (isJobEnd(after.state)) noteJobEnd(session, record, `hosts/${record.host}`);
  else {
    session.changes.push({ kind: "jobs", key: record.id, operation: "updated", record });
  }
}

/** Stores events of many jobs and moves their states; one outcome per batch, in order. */
export async function applyEvents(
  session: Session,
  batches: readonly JobEventBatch[],
): Promise<readonly JobEventOutcome[]> {
  const jobs = await openJobs(session, batches);
  const outcomes = batches.map((batch) => foldBatch(jobs.get(batch.job), batch));
  const moved = [...jobs.values()].filter((working) => working.events.length > 0);
  if (moved.length === 0) return outcomes;
  const written = new Map((await write(session, moved)).map((row) => [row.id, row]));
  for (const working of moved) {
    noteCommands(session, working);
    noteMove(session, working.row, written.get(working.row.id)!); // every moved job was updated
  }
  return outcomes;
}
