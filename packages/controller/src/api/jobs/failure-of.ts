import type { JobFailure, JobId, JobState, SwitchyardError } from "@switchyard/model";

/** An error that kept work from beginning, as the failure of that work: no step had run. */
export const failureOf = ({ reason, message, metadata }: SwitchyardError): JobFailure => ({
  ...{ reason, message, metadata },
  step: undefined,
});

/** A job that ended otherwise than well. */
export interface EndedJob {
  readonly id: JobId;
  readonly state: JobState;
  readonly failure: JobFailure | undefined;
  /** Under way when it ended, where that is known. */
  readonly step: string | undefined;
}

/** What the end of a job means for what it was for: its failure, or that it ended without one of its own. */
export const failureOfEnd = ({ id, state, failure, step }: EndedJob): JobFailure =>
  failure ?? {
    reason: state === "expired" ? "JOB_EXPIRED" : "JOB_CANCELLED",
    message: `job ${id} ended as ${state}`,
    metadata: { job: id },
    step,
  };
