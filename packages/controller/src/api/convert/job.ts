import { HostKind, type Job } from "@switchyard/proto";
import { parseTraceparent } from "@switchyard/runtime";
import type { JobRecord } from "@switchyard/store";
import { hostName, jobName } from "../validation/names.ts";
import { HOST_KIND, JOB_KIND, JOB_STATE } from "./enums.ts";
import { toProtoFailure, toProtoResult } from "./job-event.ts";

const toDate = (atMs: number | undefined): Date | undefined =>
  atMs === undefined ? undefined : new Date(atMs);

export const toProtoJob = (job: JobRecord): Job => ({
  name: jobName.format(job.id),
  etag: job.etag,
  host: hostName.format(job.host),
  hostKind: job.hostKind === undefined ? HostKind.UNSPECIFIED : HOST_KIND[job.hostKind],
  kind: JOB_KIND[job.kind],
  state: JOB_STATE[job.state],
  epoch: BigInt(job.epoch),
  createTime: new Date(job.createdAtMs),
  acceptTime: toDate(job.acceptedAtMs),
  endTime: toDate(job.endedAtMs),
  subject: job.subject ?? "",
  currentStep: job.currentStep ?? "",
  stepsDoneCount: job.stepsDoneCount,
  stepCount: job.stepCount,
  result: job.result && toProtoResult(job.result),
  traceId: parseTraceparent(job.traceparent)?.traceId ?? "",
  requestId: job.requestId,
  failure: job.failure && toProtoFailure(job.failure),
});
