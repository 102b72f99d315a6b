import type { HostId, JobId } from "@switchyard/model";
import { type BatchCreateNoopJobsRequest, CreateNoopJobRequest, type Job } from "@switchyard/proto";
import { newUuid } from "@switchyard/runtime";
import type { BatchedJobDraft } from "@switchyard/store";
import { toProtoJob } from "../convert/job.ts";
import type { CallContext } from "../interceptors/call-context.ts";
import { requestKeyOf } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { checkInteger, checkRequestId } from "../validation/fields.ts";
import { hostName } from "../validation/names.ts";
import { createViolations, type Violations } from "../validation/violations.ts";
import { JOB_TTL_MS } from "./job-ttl.ts";

/** Jobs of one call: one transaction, and an answer of some 100 KiB. */
const BATCH_MAX = 500;

interface Asked {
  readonly request: CreateNoopJobRequest;
  readonly host: HostId;
}

function check(request: CreateNoopJobRequest, violations: Violations): HostId | undefined {
  checkRequestId(request.requestId, violations);
  return violations.parse("host", request.host, hostName.parse);
}

/** @throws InvalidInputError FIELD_INVALID, StoreError HOST_NOT_FOUND, REQUEST_ID_REUSED */
export async function createNoopJob(
  parts: ApiParts,
  request: CreateNoopJobRequest,
  context: CallContext,
): Promise<Job> {
  const violations = createViolations();
  const host = check(request, violations);
  violations.assertNone();
  const draft = draftOf(parts, { request, host: host! }, context); // no violations: it was parsed
  if (request.validateOnly) return (await rehearse(parts, [draft]))[0]!; // one per draft
  return toProtoJob(await parts.intake.submit(draft));
}

/** @throws as `createNoopJob`; nothing was made then */
export async function batchCreateNoopJobs(
  parts: ApiParts,
  { requests, validateOnly }: BatchCreateNoopJobsRequest,
  context: CallContext,
): Promise<readonly Job[]> {
  const drafts = readBatch(requests).map((asked) => draftOf(parts, asked, context));
  if (validateOnly) return rehearse(parts, drafts);
  return (await parts.intake.submitAll(drafts)).map(toProtoJob);
}

function readBatch(requests: readonly CreateNoopJobRequest[]): readonly Asked[] {
  const violations = createViolations();
  checkInteger(violations, "requests", { value: requests.length, min: 1, max: BATCH_MAX });
  violations.assertNone();
  const asked = requests.flatMap((request, index): readonly Asked[] => {
    const own = violations.at(`requests[${index}]`);
    own.check(!request.validateOnly, "validate_only", "is the batch's, not of one request");
    const host = check(request, own);
    return host === undefined ? [] : [{ request, host }];
  });
  violations.assertNone();
  return asked;
}

const draftOf = (
  { clock, random }: ApiParts,
  { request, host }: Asked,
  context: CallContext,
): BatchedJobDraft => ({
  id: newUuid(clock, random) as JobId,
  host,
  spec: { kind: "noop" },
  subject: undefined,
  ttlMs: JOB_TTL_MS,
  actor: context.caller.name,
  callId: request.requestId === "" ? context.callId : request.requestId,
  traceparent: context.traceparent,
  request: requestKeyOf({ context, request, requestType: CreateNoopJobRequest }),
});

/** The jobs as they would be made; nothing is kept. */
async function rehearse(parts: ApiParts, drafts: readonly BatchedJobDraft[]): Promise<Job[]> {
  const actor = drafts[0]?.actor ?? "";
  return parts.store.transaction({ actor, isDryRun: true }, async (tx) => {
    const jobs: Job[] = [];
    for (const draft of drafts) jobs.push(toProtoJob(await tx.jobs.create(draft)));
    return jobs;
  });
}
