import { assert, canonicalJson, isJobEnd, type JobId } from "@switchyard/model";
import { eq, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import { done, type Outcome, onlyOf } from "../connection/outcome.ts";
import { note, type Session } from "../connection/session.ts";
import { jobs, outbox } from "../schema/tables/jobs.ts";
import { endJobs, lockJobs } from "./end-jobs.ts";
import { insertJobs } from "./insert-jobs.ts";
import type { JobReads, JobWrites } from "./job-queries.ts";
import type { JobDraft, JobRecord } from "./job-record.ts";
import { createJobReads, type JobRow, jobNotFound, toJobRecord } from "./job-rows.ts";

/** One outcome for each, in order. */
export async function createEach(
  session: Session,
  drafts: readonly (JobDraft & { readonly traceparent: string })[],
): Promise<readonly Outcome<JobRecord>[]> {
  const { actor, requestId } = session;
  const owned = drafts.map((draft) => ({ ...draft, actor, requestId }));
  const insertions = await insertJobs(session, owned);
  return insertions.map((insertion) =>
    insertion.kind === "refused" ? insertion : done(insertion.job),
  );
}

const create = async (session: Session, draft: JobDraft): Promise<JobRecord> =>
  onlyOf(await createEach(session, [{ ...draft, traceparent: session.traceparent() }]));

async function lockJob(session: Session, id: JobId): Promise<JobRow> {
  const row = (await lockJobs(session, [id])).get(id);
  if (row === undefined) throw jobNotFound(id);
  return row;
}

/** Whether an agent may have the job: it was sent, or is no longer in the outbox. */
async function maybeSent(session: Session, id: JobId): Promise<boolean> {
  const [row] = await session.db
    .select({ sends: outbox.sends })
    .from(outbox)
    .where(eq(outbox.job, id))
    .for("update");
  return row === undefined || row.sends > 0;
}

async function requestCancel(session: Session, id: JobId): Promise<JobRecord> {
  const job = await lockJob(session, id);
  if (isJobEnd(job.state) || job.isCancelRequested) return toJobRecord(job);
  if (!(await maybeSent(session, id))) {
    const [ended] = await endJobs(session, [{ job: id, state: "cancelled" }]);
    assert(ended !== undefined, "the job is locked and live");
    return ended;
  }
  const [row] = await session.db
    .update(jobs)
    .set({ isCancelRequested: true, revision: nextRevision })
    .where(eq(jobs.id, id))
    .returning();
  const record = toJobRecord(row!); // locked above, so it is there
  note(session, { kind: "jobs", key: id, operation: "updated", record }, { action: "job.cancel" });
  return record;
}

async function reassign(session: Session, id: JobId): Promise<JobRecord> {
  const { db } = session;
  const job = await lockJob(session, id);
  if (isJobEnd(job.state)) return toJobRecord(job);
  const [row] = await db
    .update(jobs)
    .set({
      epoch: sql`${jobs.epoch} + 1`,
      state: "pending",
      acceptedAt: null,
      currentStep: null,
      stepsDone: 0,
      stepCount: 0,
      eventSeq: 0,
      // As long to be accepted as it had at first.
      expiresAt: sql`now() + (${jobs.expiresAt} - ${jobs.createdAt})`,
      revision: nextRevision,
    })
    .where(eq(jobs.id, id))
    .returning();
  const record = toJobRecord(row!); // locked above, so it is there
  const fresh = {
    epoch: record.epoch,
    sends: 0,
    nextSendAt: sql`now()`,
    expiresAt: row!.expiresAt,
  };
  await db
    .insert(outbox)
    .values({
      ...fresh,
      job: record.id,
      host: record.host,
      specJson: canonicalJson(record.spec),
      traceparent: record.traceparent,
    })
    .onConflictDoUpdate({ target: outbox.job, set: fresh });
  note(
    session,
    { kind: "jobs", key: id, operation: "updated", record },
    { action: "job.reassign", details: { epoch: String(record.epoch) } },
  );
  return record;
}

export const createJobWrites = (session: Session): JobReads & JobWrites => ({
  ...createJobReads(session.db),
  create: (draft) => create(session, draft),
  requestCancel: (id) => requestCancel(session, id),
  end: async (end) => (await endJobs(session, [end]))[0],
  reassign: (id) => reassign(session, id),
});
