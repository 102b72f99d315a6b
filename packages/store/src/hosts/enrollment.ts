import { type HostId, StoreError } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { and, eq, isNull, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import type { Session } from "../connection/session.ts";
import { endJobs } from "../jobs/end-jobs.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import { lockLiveJobs } from "../jobs/job-rows.ts";
import { enrollmentTokens, hosts } from "../schema/tables/hosts.ts";
import type { HostWrites } from "./host-queries.ts";
import type { EnrollmentDraft, EnrollmentTokenDraft, HostRecord } from "./host-record.ts";
import { findHost, noteHost } from "./host-rows.ts";

const alreadyEnrolled = (host: HostId): StoreError =>
  new StoreError("NAME_TAKEN", `host ${host} is enrolled already`, {
    found: host,
    try: "create the token with allow_reenroll, which ends what the host runs now",
  });

const tokenInvalid = (): StoreError =>
  new StoreError("TOKEN_INVALID", "the enrolment token is unknown, used or expired");

export async function createEnrollmentToken(
  session: Session,
  draft: EnrollmentTokenDraft,
): Promise<{ readonly expireAtMs: number }> {
  const { db } = session;
  if (!draft.allowReenroll && (await findHost(db, draft.host)) !== undefined) {
    throw alreadyEnrolled(draft.host);
  }
  const [row] = await db
    .insert(enrollmentTokens)
    .values({
      hash: draft.hash,
      host: draft.host,
      expiresAt: sql`now() + ${draft.ttlMs} * interval '1 ms'`,
      labels: draft.labels,
      allowReenroll: draft.allowReenroll,
    })
    .returning({ expiresAt: enrollmentTokens.expiresAt });
  session.audits.push({
    action: "enrollment.create-token",
    resource: `hosts/${draft.host}`,
    details: { allow_reenroll: String(draft.allowReenroll) },
  });
  return { expireAtMs: row!.expiresAt.getTime() }; // an insert returns its row
}

/** Locks the token's row, so that of two agents with one token one waits and then sees it used. */
async function lockToken(session: Session, draft: EnrollmentDraft) {
  const [token] = await session.db
    .select({
      labels: enrollmentTokens.labels,
      allowReenroll: enrollmentTokens.allowReenroll,
      usedByNkey: enrollmentTokens.usedByNkey,
      usedHostEpoch: enrollmentTokens.usedHostEpoch,
    })
    .from(enrollmentTokens)
    .where(
      and(
        eq(enrollmentTokens.hash, draft.tokenHash),
        eq(enrollmentTokens.host, draft.host),
        sql`${enrollmentTokens.expiresAt} > now()`,
      ),
    )
    .for("update");
  if (token === undefined) throw tokenInvalid();
  return token;
}

/** The answer given before to the same key, if the host was not enrolled again since. */
async function replay(
  session: Session,
  draft: EnrollmentDraft,
  used: { readonly nkey: string; readonly hostEpoch: number | null },
): Promise<{ readonly host: HostRecord; readonly fenced: readonly JobRecord[] }> {
  const host = await findHost(session.db, draft.host);
  const isSame = host?.hostEpoch === used.hostEpoch && used.nkey === draft.nkeyPublic;
  if (host === undefined || !isSame) throw tokenInvalid();
  return { host, fenced: [] };
}

/** Jobs the older enrolment accepted: their ledger may be gone, so nobody can say what they did. */
async function fenceJobs(session: Session, host: HostId): Promise<readonly JobRecord[]> {
  const live = await lockLiveJobs(session.db, host);
  const accepted = live.filter((job) => job.state !== "pending");
  return endJobs(
    session,
    accepted.map((job) => ({
      job: job.id,
      state: "needs-operator",
      failure: {
        reason: "STEP_OUTCOME_UNKNOWN",
        message: `host ${host} was enrolled again while the job ran`,
        metadata: { host, try: "look at the host, then plan again" },
        step: job.currentStep,
      },
    })),
  );
}

async function upsertHost(
  session: Session,
  draft: EnrollmentDraft,
  labels: HostRecord["labels"],
): Promise<"created" | "updated"> {
  const { db, clock, random } = session;
  const { nkeyPublic, agentVersion, shard } = draft;
  const inserted = await db
    .insert(hosts)
    .values({
      name: draft.host,
      uid: newUuid(clock, random),
      labels,
      state: "enrolled",
      hostEpoch: 1,
      nkeyPublic,
      agentVersion,
      shard,
    })
    .onConflictDoNothing()
    .returning({ name: hosts.name });
  if (inserted.length > 0) return "created";
  // Sessions of the older enrolment no longer count; its inventory stays until the new one reports.
  await db
    .update(hosts)
    .set({
      revision: nextRevision,
      hostEpoch: sql`${hosts.hostEpoch} + 1`,
      labels: sql`${hosts.labels} || ${JSON.stringify(labels)}::jsonb`,
      state: "enrolled",
      stateChangedAt: sql`now()`,
      nkeyPublic,
      agentVersion,
      shard,
      inventoryDigest: null,
      inventorySession: null,
      inventorySessionStartedAt: null,
      inventoryVersion: 0,
    })
    .where(eq(hosts.name, draft.host));
  return "updated";
}

export async function enroll(
  session: Session,
  draft: EnrollmentDraft,
): ReturnType<HostWrites["enroll"]> {
  const token = await lockToken(session, draft);
  if (token.usedByNkey !== null) {
    return replay(session, draft, { nkey: token.usedByNkey, hostEpoch: token.usedHostEpoch });
  }
  const existing = await findHost(session.db, draft.host);
  if (existing !== undefined && !token.allowReenroll) throw alreadyEnrolled(draft.host);
  const operation = await upsertHost(session, draft, token.labels);
  const fenced = await fenceJobs(session, draft.host);
  const host = await noteHost(session, draft.host, { operation, action: "host.enroll" });
  await session.db
    .update(enrollmentTokens)
    .set({
      usedAt: sql`now()`,
      usedByNkey: draft.nkeyPublic,
      usedHostEpoch: host.hostEpoch,
    })
    .where(and(eq(enrollmentTokens.hash, draft.tokenHash), isNull(enrollmentTokens.usedAt)));
  return { host, fenced };
}
