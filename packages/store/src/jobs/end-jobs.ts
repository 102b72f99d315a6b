import { isJobEnd, type JobId } from "@switchyard/model";
import type pg from "pg";
import type { Statement } from "../connection/exchange.ts";
import type { Session } from "../connection/session.ts";
import type { JobEnd, JobRecord } from "./job-record.ts";
import { type JobRow, toJobRecord, toJobRow } from "./job-rows.ts";

/** Rows in the order of their ids, so that two transactions never wait for each other in a circle. */
const LOCK_JOBS = {
  name: "lock_jobs",
  text: "SELECT * FROM jobs WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
};

export const lockJobsStatement = (ids: readonly JobId[]): Statement => ({
  ...LOCK_JOBS,
  values: [ids],
});

/** The rows that `lockJobsStatement` gave. */
export function lockedJobs(result: pg.QueryResult): ReadonlyMap<JobId, JobRow> {
  return new Map(
    result.rows.map((raw: Readonly<Record<string, unknown>>) => {
      const row = toJobRow(raw);
      return [row.id as JobId, row];
    }),
  );
}

export async function lockJobs(
  session: Session,
  ids: readonly JobId[],
): Promise<ReadonlyMap<JobId, JobRow>> {
  return lockedJobs(await session.client.query(lockJobsStatement(ids)));
}

const END_JOBS = {
  name: "end_jobs",
  text: `WITH gone AS (DELETE FROM outbox WHERE job = ANY($1::uuid[]))
  UPDATE jobs j SET state = e.state, result = e.result::jsonb, failure = e.failure::jsonb,
    ended_at = now(), exclusive_host = NULL, is_cancel_requested = false,
    revision = nextval('revisions')
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS e(id, state, result, failure)
  WHERE j.id = e.id
  RETURNING j.*`,
};

const jsonOrNull = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

/** Notes that a job ended and lets its effects run before the commit. */
export function noteJobEnd(session: Session, job: JobRecord, actor = session.actor): void {
  session.changes.push({ kind: "jobs", key: job.id, operation: "updated", record: job });
  session.audits.push({
    actor,
    action: "job.end",
    resource: `jobs/${job.id}`,
    details: { host: job.host, state: job.state, reason: job.failure?.reason ?? "" },
  });
  session.endedJobs.push(job);
}

/** Ends jobs that have not ended; the others are left out of the answer. */
export async function endJobs(
  session: Session,
  ends: readonly JobEnd[],
): Promise<readonly JobRecord[]> {
  if (ends.length === 0) return [];
  const locked = await lockJobs(
    session,
    ends.map((end) => end.job),
  );
  const live = ends.filter((end) => {
    const row = locked.get(end.job);
    return row !== undefined && !isJobEnd(row.state);
  });
  if (live.length === 0) return [];
  const { rows } = await session.client.query({
    ...END_JOBS,
    values: [
      live.map((end) => end.job),
      live.map((end) => end.state),
      live.map((end) => jsonOrNull(end.result)),
      live.map((end) => jsonOrNull(end.failure)),
    ],
  });
  const ended = rows.map((raw: Readonly<Record<string, unknown>>) => toJobRecord(toJobRow(raw)));
  for (const job of ended) noteJobEnd(session, job);
  return ended;
}
