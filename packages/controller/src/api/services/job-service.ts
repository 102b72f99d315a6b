import { isJobEnd, type JobState } from "@switchyard/model";
import {
  CancelJobRequest,
  Job,
  type JobServiceService,
  type ListJobsRequest,
} from "@switchyard/proto";
import { JOB_STATE, wordOf } from "../convert/enums.ts";
import { toProtoJob } from "../convert/job.ts";
import { toProtoJobEvent } from "../convert/job-event.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { batchCreateNoopJobs, createNoopJob } from "../jobs/noop-jobs.ts";
import { watchJobEvents } from "../jobs/watch-job-events.ts";
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { jobName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { createSnapshotReads } from "./job-snapshots.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readHostFilter, readName, readNamed } from "./read-fields.ts";

function readStates(request: ListJobsRequest): readonly JobState[] {
  const violations = createViolations();
  const states = request.states.flatMap((state, at) => {
    const word = wordOf(JOB_STATE, state);
    violations.check(word !== undefined, `states[${at}]`, "is no state of jobs");
    return word ?? [];
  });
  violations.assertNone();
  return states;
}

const createReads = (parts: ApiParts) =>
  ({
    getJob: {
      role: "viewer",
      call: async ({ name }) =>
        toProtoJob(await parts.store.reads.jobs.get(readName("name", name, jobName))),
    },
    listJobs: {
      role: "viewer",
      call: async (request) => {
        const host = readHostFilter(request.host);
        const states = readStates(request);
        const filter = { list: "jobs", host, states };
        const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
          parts.store.reads.jobs.list({ ...page, host, states }),
        );
        return { jobs: items.map(toProtoJob), nextPageToken };
      },
    },
    listJobEvents: {
      role: "viewer",
      call: async (request) => {
        const job = readName("job", request.job, jobName);
        const filter = { list: "job-events", job };
        const page = parts.pager.pageOf(request, filter);
        const { reads } = parts.store;
        await reads.jobs.get(job);
        const { items, next } = await reads.jobs.listEvents({ ...page, job });
        return {
          events: items.map(toProtoJobEvent),
          nextPageToken: parts.pager.tokenOf(next, filter),
        };
      },
    },
    watchJobEvents: {
      role: "viewer",
      stream: async function* ({ job }, context) {
        const events = watchJobEvents(parts, {
          job: readName("job", job, jobName),
          signal: context.signal,
        });
        for await (const event of events) yield toProtoJobEvent(event);
      },
    },
    watchJobs: {
      role: "viewer",
      stream: async function* (request, context) {
        const host = readHostFilter(request.host);
        const items = watchRecords(parts, {
          context,
          kind: "jobs",
          resumeToken: request.resumeToken,
          filter: { host },
          matches: (job) => host === undefined || job.host === host,
          list: (reads) => listAll((page) => reads.jobs.list({ ...page, host }), SNAPSHOT_MAX),
        });
        yield* toWatchEvents(items, (item) => ({ job: toProtoJob(item) }));
      },
    },
  }) satisfies Partial<MethodsOf<typeof JobServiceService>>;

export const createJobService = (parts: ApiParts): MethodsOf<typeof JobServiceService> => ({
  ...createReads(parts),
  ...createSnapshotReads(parts),
  cancelJob: {
    role: "operator",
    call: async (request, context) => {
      const id = readNamed(request, jobName);
      const answer = await mutate(parts, {
        context,
        request,
        requestType: CancelJobRequest,
        responseType: Job,
        work: async (tx) => toProtoJob(await tx.jobs.requestCancel(id)),
      });
      const job = await parts.store.reads.jobs.get(id);
      if (!isJobEnd(job.state)) parts.dispatch.cancel(job);
      return answer;
    },
  },
  createNoopJob: {
    role: "operator",
    call: (request, context) => createNoopJob(parts, request, context),
  },
  batchCreateNoopJobs: {
    role: "operator",
    call: async (request, context) => ({
      jobs: [...(await batchCreateNoopJobs(parts, request, context))],
    }),
  },
});
