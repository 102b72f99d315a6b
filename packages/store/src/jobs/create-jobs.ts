import { assert, type JobId } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import {
  type BatchedRequest,
  claimRequests,
  dropRequests,
  type RequestClaim,
} from "../requests/claim-requests.ts";
import type { BatchedJobDraft, JobCreation, JobMade } from "./dispatch.ts";
import { insertJobs, type JobInsertion, type OwnedJobDraft } from "./insert-jobs.ts";
import { findJobs } from "./job-rows.ts";

const owned = (draft: BatchedJobDraft): OwnedJobDraft => ({
  ...draft,
  requestId: draft.callId ?? draft.request?.requestId ?? "",
  traceparent: draft.traceparent ?? "",
});

const requestOf = (draft: BatchedJobDraft): BatchedRequest | undefined =>
  draft.request === undefined
    ? undefined
    : { ...draft.request, actor: draft.actor, answer: draft.id };

async function claimAll(
  session: Session,
  drafts: readonly BatchedJobDraft[],
): Promise<ReadonlyMap<BatchedJobDraft, RequestClaim>> {
  const asking = drafts.filter((draft) => draft.request !== undefined);
  const claims = await claimRequests(
    session,
    asking.map((draft) => requestOf(draft)!), // filtered by having one
  );
  return new Map(asking.map((draft, index) => [draft, claims[index]!])); // one claim per request
}

const isDefined = <T>(value: T | undefined): value is T => value !== undefined;

/** Creates the jobs of many callers in one transaction; one outcome per draft, in order. */
export async function createJobs(
  session: Session,
  drafts: readonly BatchedJobDraft[],
): Promise<readonly JobCreation[]> {
  const claims = await claimAll(session, drafts);
  const first = drafts.filter((draft) => (claims.get(draft)?.kind ?? "first") === "first");
  const inserted = await insertJobs(session, first.map(owned));
  const byDraft = new Map(first.map((draft, index) => [draft, inserted[index]!])); // one per draft
  const refused = first.filter((draft) => byDraft.get(draft)?.kind === "refused");
  await dropRequests(session, refused.map(requestOf).filter(isDefined));
  const repeated = [...claims.values()].flatMap((claim) =>
    claim.kind === "repeated" ? [claim.answer as JobId] : [],
  );
  const earlier = await findJobs(session.db, repeated);
  const failures = new Map(refused.map((draft) => [draft.id, byDraft.get(draft)!]));
  return drafts.map((draft): JobCreation => {
    const insertion = byDraft.get(draft);
    if (insertion !== undefined) return creationOf(insertion);
    const claim = claims.get(draft);
    assert(claim !== undefined && claim.kind !== "first", "a draft not inserted had a claim");
    if (claim.kind === "reused") return { kind: "refused", error: claim.error };
    const job = earlier.get(claim.answer as JobId);
    if (job !== undefined) return { kind: "replayed", job };
    // A twin in this batch whose job was refused: the same answer for both.
    const failure = failures.get(claim.answer as JobId);
    assert(failure !== undefined, "an answered request has its job");
    return creationOf(failure);
  });
}

/** The same, but a refusal undoes all: the transaction is to be rolled back. */
export async function createAllJobs(
  session: Session,
  drafts: readonly BatchedJobDraft[],
): Promise<readonly JobMade[]> {
  const outcomes = await createJobs(session, drafts);
  return outcomes.map((outcome) => {
    if (outcome.kind === "refused") throw outcome.error;
    return outcome;
  });
}

function creationOf(insertion: JobInsertion): JobCreation {
  switch (insertion.kind) {
    case "created":
      return insertion;
    case "present":
      return { kind: "replayed", job: insertion.job };
    case "refused":
      return insertion;
  }
}
