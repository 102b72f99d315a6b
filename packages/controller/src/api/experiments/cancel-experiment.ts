import { type ExperimentId, isExperimentEnd, StoreError } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { ExperimentRecord, Transaction } from "@switchyard/store";
import { experimentName } from "../validation/names.ts";
import { RESTORING_MS } from "./limits.ts";

export interface Cancellation {
  readonly id: ExperimentId;
  readonly reason: string;
  /** Ends at once, and leaves the hosts as they are. */
  readonly abandonsHosts: boolean;
}

async function abandon(
  tx: Transaction,
  { id, outcome = "cancelled" }: ExperimentRecord,
  reason: string,
): Promise<ExperimentRecord> {
  for (const { host, isReleased } of await tx.experiments.listHosts(id)) {
    if (isReleased) continue;
    await tx.experiments.release(id, host, {
      reason: "EXPERIMENT_NOT_RESTORED",
      message: `${host} was left as it is: ${reason}`,
      metadata: { try: `swy plan create --host ${host}` },
      step: undefined,
    });
  }
  const ended = outcome === "succeeded" ? "cancelled" : outcome;
  return tx.experiments.setState({ id, state: ended, reason: `hosts left as they are: ${reason}` });
}

/**
 * Ends an experiment early. What it measured is kept.
 *
 * @throws StoreError EXPERIMENT_NOT_FOUND, EXPERIMENT_STATE_WRONG
 */
export async function cancelExperiment(
  clock: Pick<Clock, "nowMs">,
  tx: Transaction,
  { id, reason, abandonsHosts }: Cancellation,
): Promise<ExperimentRecord> {
  const experiment = await tx.experiments.lock(id);
  const { state } = experiment;
  if (isExperimentEnd(state) || (state === "restoring" && !abandonsHosts)) {
    throw new StoreError("EXPERIMENT_STATE_WRONG", `experiment ${id} is ${state}`, {
      subject: experimentName.format(id),
      found: `state ${state}`,
      needs: "an experiment that measures or is about to",
      ...(state === "restoring" && {
        try: `swy bench cancel ${id} --abandon-hosts, if they never come back`,
      }),
    });
  }
  for (const { job, jobState } of await tx.experiments.listStatus(id)) {
    if (job !== undefined && jobState === "pending") await tx.jobs.requestCancel(job);
  }
  if (abandonsHosts) return abandon(tx, experiment, reason);
  const deadlineMs = clock.nowMs() + RESTORING_MS;
  const outcome = experiment.outcome ?? "cancelled";
  return tx.experiments.setState({ id, state: "restoring", reason, outcome, deadlineMs });
}
