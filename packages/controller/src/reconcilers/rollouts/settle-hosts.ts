import { isJobEnd, type JobFailure, type RolloutState } from "@switchyard/model";
import type { RolloutHostChange, RolloutHostStatus } from "@switchyard/store";
import { type EndedJob, failureOfEnd } from "../../api/jobs/failure-of.ts";

/** A host taken in hand that has no job after so long was left by a controller that died. */
const WITHOUT_JOB_MS = 60_000;

const lostFailure = ({ host }: RolloutHostStatus): JobFailure => ({
  reason: "HOST_UNREACHABLE",
  message: `${host} is lost`,
  metadata: { found: "no heartbeat", needs: "a host that is up after the change" },
  step: undefined,
});

const isAbandoned = ({ takenAtMs = 0 }: RolloutHostStatus, nowMs: number): boolean =>
  nowMs - takenAtMs > WITHOUT_JOB_MS;

/** Its VMs move elsewhere, which any controller goes on with; a rollout that goes back lets it be. */
function settleEmptied(
  { host, state }: RolloutHostStatus,
  rolloutState: RolloutState,
): RolloutHostChange | undefined {
  const isLeftAlone = state === "running" && rolloutState === "rolling-back";
  return isLeftAlone ? { host, state: "waiting" } : undefined;
}

/** Undefined while the job goes on, or has ended well. */
function badEndOf({ job, jobState, jobFailure }: RolloutHostStatus): EndedJob | undefined {
  if (job === undefined || jobState === undefined || !isJobEnd(jobState)) return undefined;
  if (jobState === "succeeded") return undefined;
  return { id: job, state: jobState, failure: jobFailure, step: undefined };
}

interface Within {
  readonly rolloutState: RolloutState;
  readonly nowMs: number;
}

/** Nobody makes a job for a host in hand once its rollout no longer runs; else somebody may be about to. */
function settleRunning(
  status: RolloutHostStatus,
  { rolloutState, nowMs }: Within,
): RolloutHostChange | undefined {
  const { host, job, jobState } = status;
  if (job === undefined) {
    const isLeft = rolloutState !== "running" || isAbandoned(status, nowMs);
    return isLeft ? { host, state: "waiting" } : undefined;
  }
  if (jobState === "succeeded") return { host, state: "verifying" };
  // The halt withdrew it, and what it had begun was undone: its turn comes when the rollout goes on.
  if (jobState === "cancelled" && rolloutState === "halted") return { host, state: "waiting" };
  const end = badEndOf(status);
  return end && { host, state: "failed", failure: failureOfEnd(end) };
}

function settleBack(
  status: RolloutHostStatus,
  { rolloutState, nowMs }: Within,
): RolloutHostChange | undefined {
  const { host, job, jobState, failure } = status;
  if (job === undefined) {
    const isLeft = rolloutState !== "rolling-back" || isAbandoned(status, nowMs);
    return isLeft ? { host, state: failure === undefined ? "updated" : "failed" } : undefined;
  }
  if (jobState === "succeeded") return { host, state: "rolled-back" };
  const end = badEndOf(status);
  return end && { host, state: "stuck", failure: failureOfEnd(end) };
}

/** What became of a host since it was looked at last; undefined where nothing did. */
export function settleHost(
  status: RolloutHostStatus,
  within: Within,
): RolloutHostChange | undefined {
  const { host, state, hostState } = status;
  const isAfterChange = state === "verifying" || state === "updated";
  if (isAfterChange && hostState === "lost") {
    return { host, state: "failed", failure: lostFailure(status) };
  }
  if (status.isEmptied && status.job === undefined)
    return settleEmptied(status, within.rolloutState);
  if (state === "running") return settleRunning(status, within);
  return state === "rolling-back" ? settleBack(status, within) : undefined;
}
