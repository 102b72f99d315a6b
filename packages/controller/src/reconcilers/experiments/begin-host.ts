import { type ExperimentId, type HostId, SwitchyardError } from "@switchyard/model";
import type { ExperimentRecord, PlanRecord, Transaction } from "@switchyard/store";
import { failureOf } from "../../api/jobs/failure-of.ts";
import { applyPlan } from "../../api/plans/apply-plan.ts";
import { createPlan } from "../../api/plans/create-plan.ts";
import { awaitFreshInventory } from "../../api/plans/fresh-inventory.ts";
import { refuseBlocked } from "../../api/plans/refuse-blocked.ts";
import { EXPERIMENT_ACTOR, type ExperimentParts } from "./parts.ts";

/** A host that is to be brought to the mode under way, or back to its own. */
export interface WantedHost {
  readonly experiment: ExperimentRecord;
  readonly host: HostId;
  readonly goal: "mode" | "own";
}

/** Undefined where the experiment went on without this in between. */
async function findWaiting(
  tx: Transaction,
  { experiment: { id, state, modeIndex }, host }: WantedHost,
  holder: string,
) {
  const now = await tx.experiments.lockHeld(id, holder);
  if (now?.state !== state || now.modeIndex !== modeIndex) return undefined;
  const status = (await tx.experiments.listStatus(id)).find((each) => each.host === host);
  const isAtWork = status?.jobState !== undefined && status.jobFailure === undefined;
  return status === undefined || status.isDone || isAtWork ? undefined : status;
}

async function plan(parts: ExperimentParts, tx: Transaction, wanted: WantedHost) {
  const { experiment, host, goal } = wanted;
  const mode = goal === "mode" ? experiment.modeOrder[experiment.modeIndex] : undefined;
  await tx.experiments.setHostMode(experiment.id, host, mode);
  const made = await createPlan(parts, tx, {
    ...{ host, goal: "apply-profile", vmPolicy: "refuse", reason: "" },
  });
  refuseBlocked(made);
  return made;
}

async function apply(
  parts: ExperimentParts,
  tx: Transaction,
  {
    id,
    made,
    tries,
  }: { readonly id: ExperimentId; readonly made: PlanRecord; readonly tries: number },
): Promise<boolean> {
  const { host } = made;
  if (made.state === "empty") {
    await tx.experiments.setHosts(id, [{ host, isDone: true, failure: undefined }]);
    return false;
  }
  const job = await applyPlan(parts, tx, { id: made.id, etag: made.etag, experiment: id });
  await tx.experiments.setHosts(id, [{ host, job: job.id, tries: tries + 1, failure: undefined }]);
  return true;
}

/** It passes by itself: it is tried again at the next look, until the state takes too long. */
const PASSING: readonly SwitchyardError["reason"][] = [
  "HOST_NOT_READY",
  "HOST_UNREACHABLE",
  "DATABASE_UNAVAILABLE",
  "GENERATION_STALE",
];

async function noteFailure(parts: ExperimentParts, wanted: WantedHost, error: SwitchyardError) {
  await parts.store.transaction({ actor: EXPERIMENT_ACTOR }, async (tx) => {
    const status = await findWaiting(tx, wanted, parts.holder);
    if (status === undefined) return;
    const { host, tries } = status;
    await tx.experiments.setHosts(wanted.experiment.id, [
      { host, job: undefined, tries: tries + 1, failure: failureOf(error) },
    ]);
  });
}

/** Plans the host's way and makes the job, or notes that there is nothing to do, or why there is no way. */
export async function beginHost(parts: ExperimentParts, wanted: WantedHost): Promise<void> {
  const { store, dispatch, holder } = parts;
  const { traceparent } = wanted.experiment;
  try {
    await awaitFreshInventory(parts, wanted.host);
    const isMade = await store.transaction({ actor: EXPERIMENT_ACTOR, traceparent }, async (tx) => {
      const status = await findWaiting(tx, wanted, holder);
      if (status === undefined) return false;
      const made = await plan(parts, tx, wanted);
      return apply(parts, tx, { id: wanted.experiment.id, made, tries: status.tries });
    });
    if (isMade) dispatch.wake();
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    if (PASSING.includes(error.reason)) {
      parts.log.info({ err: error, host: wanted.host }, "a host of an experiment waits");
      return;
    }
    await noteFailure(parts, wanted, error);
  }
}
