import { canonicalJson, type HostId, isExclusive, type JobId, StoreError } from "@switchyard/model";
import { inArray } from "drizzle-orm";
import type { PendingAudit, Session } from "../connection/session.ts";
import { hosts } from "../schema/tables/hosts.ts";
import type { JobDraft, JobRecord } from "./job-record.ts";
import { findJobs, toJobRecord, toJobRow } from "./job-rows.ts";
import { FIRST_RESEND_MS } from "./outbox.ts";

export interface OwnedJobDraft extends JobDraft {
  readonly actor: string;
  readonly requestId: string;
  readonly traceparent: string;
}

export type JobInsertion =
  | { readonly kind: "created"; readonly job: JobRecord }
  /** The same job is there already: this transaction ran before. */
  | { readonly kind: "present"; readonly job: JobRecord }
  | { readonly kind: "refused"; readonly error: StoreError };

/*
 * Job and outbox row in one statement. A host that is not there gives no row; a second exclusive job and
 * an id that was used meet a unique constraint and give none either, without failing the batch.
 */
const INSERT_JOBS = {
  name: "insert_jobs",
  text: `WITH draft AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::float8[], $8::boolean[], $9::boolean[], $11::text[], $12::text[])
      AS d(id, host, kind, spec, subject, actor, ttl_ms, is_exclusive, is_claimed, traceparent,
           request_id)),
  job AS (
    INSERT INTO jobs (id, host, host_kind, host_epoch, kind, spec, subject, actor, expires_at,
                      exclusive_host, traceparent, request_id)
    SELECT d.id, h.name, h.kind, h.host_epoch, d.kind, d.spec::jsonb, d.subject, d.actor,
           now() + d.ttl_ms * interval '1 ms', CASE WHEN d.is_exclusive THEN h.name END,
           d.traceparent, d.request_id
    FROM draft d JOIN hosts h ON h.name = d.host
    ON CONFLICT DO NOTHING
    RETURNING *),
  sent AS (
    INSERT INTO outbox (job, epoch, host, spec_json, expires_at, sends, next_send_at, traceparent)
    SELECT job.id, job.epoch, job.host, d.spec, job.expires_at,
           CASE WHEN d.is_claimed THEN 1 ELSE 0 END,
           CASE WHEN d.is_claimed THEN now() + $10 * interval '1 ms' ELSE now() END,
           job.traceparent
    FROM job JOIN draft d USING (id))
  SELECT * FROM job`,
};

async function insertRows(
  session: Session,
  drafts: readonly OwnedJobDraft[],
): Promise<ReadonlyMap<JobId, JobRecord>> {
  const { rows } = await session.client.query({
    ...INSERT_JOBS,
    values: [
      drafts.map((draft) => draft.id),
      drafts.map((draft) => draft.host),
      drafts.map((draft) => draft.spec.kind),
      drafts.map((draft) => canonicalJson(draft.spec)),
      drafts.map((draft) => draft.subject ?? null),
      drafts.map((draft) => draft.actor),
      drafts.map((draft) => draft.ttlMs),
      drafts.map((draft) => isExclusive(draft.spec.kind)),
      drafts.map((draft) => draft.isClaimed === true),
      FIRST_RESEND_MS,
      drafts.map((draft) => draft.traceparent),
      drafts.map((draft) => draft.requestId),
    ],
  });
  return new Map(
    rows.map((row: Readonly<Record<string, unknown>>) => {
      const job = toJobRecord(toJobRow(row));
      return [job.id, job];
    }),
  );
}

export const auditOfJob = (draft: OwnedJobDraft): PendingAudit => ({
  actor: draft.actor,
  requestId: draft.requestId,
  action: "job.create",
  resource: `jobs/${draft.id}`,
  details: { host: draft.host, kind: draft.spec.kind, subject: draft.subject ?? "" },
});

/** Why drafts gave no row. */
async function explain(
  session: Session,
  drafts: readonly OwnedJobDraft[],
): Promise<ReadonlyMap<JobId, JobInsertion>> {
  if (drafts.length === 0) return new Map();
  const present = await findJobs(
    session.db,
    drafts.map((draft) => draft.id),
  );
  const known = await session.db
    .select({ name: hosts.name })
    .from(hosts)
    .where(inArray(hosts.name, [...new Set(drafts.map((draft) => draft.host))]));
  const names = new Set(known.map((row) => row.name));
  return new Map(
    drafts.map((draft) => [draft.id, whyNot(draft, present.get(draft.id), names)] as const),
  );
}

function whyNot(
  draft: OwnedJobDraft,
  present: JobRecord | undefined,
  hostNames: ReadonlySet<string>,
): JobInsertion {
  if (present !== undefined && isSame(present, draft)) return { kind: "present", job: present };
  const error =
    present !== undefined
      ? new StoreError("NAME_TAKEN", `job ${draft.id} exists`, { found: draft.id })
      : hostNames.has(draft.host)
        ? busy(draft.host)
        : new StoreError("HOST_NOT_FOUND", `no host ${draft.host}`, { found: draft.host });
  return { kind: "refused", error };
}

const isSame = (job: JobRecord, draft: OwnedJobDraft): boolean =>
  job.host === draft.host &&
  job.actor === draft.actor &&
  canonicalJson(job.spec) === canonicalJson(draft.spec);

const busy = (host: HostId): StoreError =>
  new StoreError("HOST_NOT_READY", `host ${host} is busy with another exclusive job`, {
    found: "a job on it that changes the datapath",
    needs: "no other one",
    try: "wait for that job's end, then try again",
  });

/** Writes jobs with their outbox rows, changes and audit entries; one outcome per draft, in order. */
export async function insertJobs(
  session: Session,
  drafts: readonly OwnedJobDraft[],
): Promise<readonly JobInsertion[]> {
  const created = await insertRows(session, drafts);
  const explained = await explain(
    session,
    drafts.filter((draft) => !created.has(draft.id)),
  );
  return drafts.map((draft) => {
    const job = created.get(draft.id);
    if (job === undefined) return explained.get(draft.id)!; // every draft without a row was explained
    session.changes.push({ kind: "jobs", key: job.id, operation: "created", record: job });
    session.audits.push(auditOfJob(draft));
    return { kind: "created", job };
  });
}
