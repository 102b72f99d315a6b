import { HostKind, Job, JobEvent, JobKind, JobState } from "@switchyard/proto";

/** The one job there is, in this state. */
export const jobIn = (state: JobState): Job =>
  Job.fromPartial({
    name: "jobs/j1",
    host: "hosts/r740-01",
    hostKind: HostKind.SIMULATED,
    kind: JobKind.APPLY_HOST,
    subject: "plans/p1",
    state,
    ...(state === JobState.FAILED && {
      failure: {
        reason: "ESWITCH_BUSY",
        message: "0000:82:00.0 stays in legacy mode",
        metadata: { stderr: "Error: mlx5_core: Can't change mode.\nkernel answers: busy" },
        step: "02-ensureEswitchMode",
      },
    }),
  });

/** What is told of every job before its end. */
const EVENTS: readonly JobEvent[] = [
  JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 1n,
    body: { $case: "accepted", value: { bootId: "b" } },
  }),
  JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 2n,
    body: { $case: "stepStarted", value: { step: "01-ensureVfCount", title: "Create 2 VFs" } },
  }),
  JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 3n,
    body: {
      $case: "command",
      value: {
        step: "01-ensureVfCount",
        argv: ["vdpa", "dev", "show"],
        exitCode: 0,
        durationMs: 3,
      },
    },
  }),
];

/** All that is told of a job that ends in this state. */
export const jobEvents = (endState: JobState): readonly JobEvent[] => [
  ...EVENTS,
  JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 4n,
    body: { $case: "ended", value: { state: endState, result: { changedStepCount: 1 } } },
  }),
];

/** Every job is `j1`, and ends in this state. */
export const jobAnswers = (endState: JobState) => ({
  getJob: () => jobIn(endState),
  listJobEvents: () => ({ events: jobEvents(endState), nextPageToken: "" }),
});
