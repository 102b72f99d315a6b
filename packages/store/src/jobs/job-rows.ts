import {
  canonicalJson,
  type HostId,
  type JobId,
  type JobState,
  StoreError,
} from "@switchyard/model";
import { and, asc, desc, eq, getTableColumns, inArray, lt, sql } from "drizzle-orm";
import { etagOf } from "../connection/etag.ts";
import type { Database } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { jobs } from "../schema/tables/jobs.ts";
import { readHostChange } from "./host-change.ts";
import type { JobReads, RecentJob } from "./job-queries.ts";
import type { JobRecord, OutgoingJob } from "./job-record.ts";
import { listEvents } from "./stored-events.ts";

export type JobRow = typeof jobs.$inferSelect;

export const toJobRecord = (row: JobRow): JobRecord => ({
  id: row.id as JobId,
  etag: etagOf(row.revision),
  host: row.host as HostId,
  hostKind: row.hostKind ?? undefined,
  hostEpoch: row.hostEpoch,
  kind: row.kind,
  spec: row.spec,
  epoch: row.epoch,
  state: row.state,
  subject: row.subject ?? undefined,
  actor: row.actor,
  traceparent: row.traceparent,
  requestId: row.requestId,
  createdAtMs: row.createdAt.getTime(),
  expireAtMs: row.expiresAt.getTime(),
  acceptedAtMs: row.acceptedAt?.getTime(),
  endedAtMs: row.endedAt?.getTime(),
  lastEventAtMs: row.lastEventAtMs === null ? undefined : Number(row.lastEventAtMs),
  currentStep: row.currentStep ?? undefined,
  stepsDoneCount: row.stepsDone,
  stepCount: row.stepCount,
  isCancelRequested: row.isCancelRequested,
  result: row.result ?? undefined,
  failure: row.failure ?? undefined,
});

/** Names of the columns as drizzle has them, for rows of statements written by hand. */
const ROW_KEYS = Object.entries(getTableColumns(jobs)).map(
  ([key, column]) => [column.name, key] as const,
);

/** A row of a hand-written statement as drizzle would give it. */
export const toJobRow = (raw: Readonly<Record<string, unknown>>): JobRow =>
  Object.fromEntries(ROW_KEYS.map(([column, key]) => [key, raw[column] ?? null])) as JobRow;

/** A job as its creator publishes it right after the commit, where it was made with `isClaimed`. */
export const toOutgoingJob = (job: JobRecord): OutgoingJob => ({
  host: job.host,
  hostEpoch: job.hostEpoch,
  job: job.id,
  epoch: job.epoch,
  expireAtMs: job.expireAtMs,
  specJson: canonicalJson(job.spec),
  traceparent: job.traceparent,
  sends: 1,
});

export const jobNotFound = (id: JobId): StoreError =>
  new StoreError("JOB_NOT_FOUND", `no job ${id}`, { found: id });

export async function findJobs(
  db: Database,
  ids: readonly JobId[],
): Promise<ReadonlyMap<JobId, JobRecord>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(jobs)
    .where(inArray(jobs.id, [...ids]));
  return new Map(rows.map((row) => [row.id as JobId, toJobRecord(row)]));
}

const LIVE: readonly JobState[] = ["pending", "accepted", "running"];

/** Jobs of a host that have not ended, locked in the order of their ids. */
export async function lockLiveJobs(db: Database, host: HostId): Promise<readonly JobRecord[]> {
  const rows = await db
    .select()
    .from(jobs)
    .where(and(eq(jobs.host, host), inArray(jobs.state, [...LIVE])))
    .orderBy(asc(jobs.id))
    .for("update");
  return rows.map(toJobRecord);
}

/** What is read of a job that is merely told of. */
interface RecentRow extends Record<string, unknown> {
  readonly host: HostId;
  readonly id: JobId;
  readonly kind: RecentJob["kind"];
  readonly state: JobState;
  readonly failure: NonNullable<RecentJob["failure"]> | null;
}

async function listRecent(
  db: Database,
  hosts: readonly HostId[],
  size: number,
): Promise<ReadonlyMap<HostId, readonly RecentJob[]>> {
  const { rows } = await db.execute<RecentRow>(
    sql`SELECT j.host, j.id, j.kind, j.state, j.failure
        FROM unnest(${sql.param([...hosts])}::text[]) AS wanted(name)
        CROSS JOIN LATERAL (SELECT host, id, kind, state, failure FROM jobs
          WHERE host = wanted.name ORDER BY id DESC LIMIT ${size}) AS j
        ORDER BY j.host, j.id DESC`,
  );
  const recent = new Map<HostId, RecentJob[]>(hosts.map((host) => [host, []]));
  for (const { host, id, kind, state, failure } of rows) {
    recent.get(host)?.push({ id, kind, state, failure: failure ?? undefined });
  }
  return recent;
}

export function createJobReads(db: Database): JobReads {
  const find = async (id: JobId) => (await findJobs(db, [id])).get(id);
  return {
    find,
    get: async (id) => {
      const job = await find(id);
      if (job === undefined) throw jobNotFound(id);
      return job;
    },
    list: async ({ size, after, host, states }) => {
      const rows = await db
        .select()
        .from(jobs)
        .where(
          and(
            after === undefined ? undefined : lt(jobs.id, after),
            host === undefined ? undefined : eq(jobs.host, host),
            states === undefined || states.length === 0
              ? undefined
              : inArray(jobs.state, [...states]),
          ),
        )
        .orderBy(desc(jobs.id))
        .limit(size + 1);
      return pageOf(rows.map(toJobRecord), { size, keyOf: (job) => job.id });
    },
    listRecent: (hosts, size) => listRecent(db, hosts, size),
    readHostChange: (host, kinds) => readHostChange(db, host, kinds),
    listEvents: (page) => listEvents(db, page),
  };
}
