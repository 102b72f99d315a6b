import { isJobEnd, type JobFailure, type RolloutState } from "@switchyard/model";
import type { RolloutHostChange, RolloutHostStatus } from "@switchyard/store";

/** A host taken in hand that has no job after so long was left by a controller that died. */
const WITHOUT_JOB_MS = 60_000;

const failureOf = ({ host, job, jobState, jobFailure }: RolloutHostStatus): JobFailure =>
  jobFailure ?? {
    reason: jobState === "expired" ? "JOB_EXPIRED" : "JOB_CANCELLED",
    message: `job ${job} of ${host} ended as ${jobState}`,
    metadata: { job: job ?? "" },
    step: undefined,
  };

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

function settleRunning(status: RolloutHostStatus, nowMs: number): RolloutHostChange | undefined {
  const { host, job, jobState } = status;
  if (job === undefined) return isAbandoned(status, nowMs) ? { host, state: "waiting" } : undefined;
  if (jobState === "succeeded") return { host, state: "verifying" };
  if (jobState === undefined || !isJobEnd(jobState)) return undefined;
  return { host, state: "failed", failure: failureOf(status) };
}

function settleBack(status: RolloutHostStatus, nowMs: number): RolloutHostChange | undefined {
  const { host, job, jobState } = status;
  if (job === undefined) return isAbandoned(status, nowMs) ? { host, state: "updated" } : undefined;
  if (jobState === "succeeded") return { host, state: "rolled-back" };
  if (jobState === undefined || !isJobEnd(jobState)) return undefined;
  return { host, state: "stuck", failure: failureOf(status) };
}

/** What became of a host since it was looked at last; undefined where nothing did. */
export function settleHost(
  status: RolloutHostStatus,
  { rolloutState, nowMs }: { readonly rolloutState: RolloutState; readonly nowMs: number },
): RolloutHostChange | undefined {
  const { host, state, hostState } = status;
  const isAfterChange = state === "verifying" || state === "updated";
  if (isAfterChange && hostState === "lost") {
    return { host, state: "failed", failure: lostFailure(status) };
  }
  if (status.isEmptied && status.job === undefined) return settleEmptied(status, rolloutState);
  if (state === "running") return settleRunning(status, nowMs);
  return state === "rolling-back" ? settleBack(status, nowMs) : undefined;
}
