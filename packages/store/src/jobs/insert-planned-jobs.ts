import { assert, canonicalJson, type HostKind, isExclusive } from "@switchyard/model";
import { etagOf } from "../connection/etag.ts";
import type { Session } from "../connection/session.ts";
import { auditOfJob, type OwnedJobDraft } from "./insert-jobs.ts";
import type { JobRecord } from "./job-record.ts";
import { FIRST_RESEND_MS } from "./outbox.ts";

/** A host that this transaction has locked. */
export interface JobHost {
  readonly kind: HostKind | undefined;
  readonly epoch: number;
}

/** A job with all that its row will hold. */
export interface PlannedJob extends OwnedJobDraft {
  readonly hostNow: JobHost;
  readonly revision: number;
  /** The transaction's time. */
  readonly nowMs: number;
}

const INSERT_PLANNED_JOBS = {
  name: "insert_planned_jobs",
  text: `WITH draft AS (
    SELECT *, $1::timestamptz AS created_at, $1::timestamptz + ttl_ms * interval '1 ms' AS expires_at
    FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::float8[], $12::boolean[], $13::text[], $14::text[])
      AS d(id, revision, host, host_kind, host_epoch, kind, spec, subject, actor, ttl_ms, is_claimed,
           traceparent, request_id)),
  job AS (
    INSERT INTO jobs (id, revision, host, host_kind, host_epoch, kind, spec, subject, actor, created_at,
                      expires_at, traceparent, request_id)
    SELECT id, revision, host, host_kind, host_epoch, kind, spec::jsonb, subject, actor, created_at,
           expires_at, traceparent, request_id
    FROM draft)
  INSERT INTO outbox (job, epoch, host, spec_json, expires_at, sends, next_send_at, traceparent)
  SELECT id, 1, host, spec, expires_at, CASE WHEN is_claimed THEN 1 ELSE 0 END,
         CASE WHEN is_claimed THEN now() + $15 * interval '1 ms' ELSE now() END, traceparent
  FROM draft`,
};

/** As the row will be read. */
const recordOf = (job: PlannedJob): JobRecord => ({
  id: job.id,
  etag: etagOf(job.revision),
  host: job.host,
  hostKind: job.hostNow.kind,
  hostEpoch: job.hostNow.epoch,
  kind: job.spec.kind,
  spec: job.spec,
  epoch: 1,
  state: "pending",
  subject: job.subject,
  actor: job.actor,
  traceparent: job.traceparent,
  requestId: job.requestId,
  createdAtMs: job.nowMs,
  expireAtMs: job.nowMs + job.ttlMs,
  acceptedAtMs: undefined,
  endedAtMs: undefined,
  lastEventAtMs: undefined,
  currentStep: undefined,
  stepsDoneCount: 0,
  stepCount: 0,
  isCancelRequested: false,
  result: undefined,
  failure: undefined,
});

/**
 * Writes jobs on hosts that the transaction has locked, with their outbox rows, changes and audit entries: before
 * whatever is queried next, so that it costs no round trip of its own. Only for jobs that share their host, of
 * which nothing but an id that was used can be refused: that fails the transaction.
 */
export function insertPlannedJobs(
  session: Session,
  jobs: readonly PlannedJob[],
): readonly JobRecord[] {
  const [first] = jobs;
  if (first === undefined) return [];
  for (const { spec } of jobs) assert(!isExclusive(spec.kind), `${spec.kind} shares its host`);
  session.client.defer({
    ...INSERT_PLANNED_JOBS,
    values: [
      new Date(first.nowMs),
      jobs.map((job) => job.id),
      jobs.map((job) => job.revision),
      jobs.map((job) => job.host),
      jobs.map((job) => job.hostNow.kind ?? null),
      jobs.map((job) => job.hostNow.epoch),
      jobs.map((job) => job.spec.kind),
      jobs.map((job) => canonicalJson(job.spec)),
      jobs.map((job) => job.subject ?? null),
      jobs.map((job) => job.actor),
      jobs.map((job) => job.ttlMs),
      jobs.map((job) => job.isClaimed === true),
      jobs.map((job) => job.traceparent),
      jobs.map((job) => job.requestId),
      FIRST_RESEND_MS,
    ],
  });
  const records = jobs.map(recordOf);
  for (const record of records) {
    session.changes.push({ kind: "jobs", key: record.id, operation: "created", record });
  }
  session.audits.push(...jobs.map(auditOfJob));
  return records;
}
