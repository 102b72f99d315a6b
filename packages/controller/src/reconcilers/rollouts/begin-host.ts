import {
  freezeText,
  type HostId,
  type JobFailure,
  PlanningError,
  type RolloutId,
  StoreError,
  SwitchyardError,
} from "@switchyard/model";
import type {
  CheckBefore,
  PlanRecord,
  RolloutHostChange,
  RolloutHostRecord,
  RolloutRecord,
  Transaction,
} from "@switchyard/store";
import { failureOf } from "../../api/jobs/failure-of.ts";
import type { ApiParts } from "../../api/parts.ts";
import { applyPlan } from "../../api/plans/apply-plan.ts";
import { createPlan } from "../../api/plans/create-plan.ts";
import { beginEmptying, emptyHost } from "./empty-host.ts";

export const ROLLOUT_ACTOR = "controller/rollout";

type Parts = Pick<ApiParts, "store" | "clock" | "random" | "dispatch" | "brake">;

interface Begun {
  readonly rollout: RolloutId;
  readonly host: HostId;
  /** The host's checks before it was touched; left out while it is brought back. */
  readonly checksBefore?: readonly CheckBefore[];
}

function blockedFailure({ host, plan }: PlanRecord): JobFailure {
  const worst = plan.findings.find(({ severity }) => severity === "error");
  return {
    reason: worst?.reason ?? "PLAN_BLOCKED",
    message: worst?.message ?? `the plan of ${host} is blocked`,
    metadata: { found: worst?.found ?? "", needs: worst?.needs ?? "" },
    step: undefined,
  };
}

/** What becomes of a host that there is nothing to do on, or that nothing can be done on. */
const unbegun = (isBack: boolean, plan: PlanRecord): Omit<RolloutHostChange, "host"> => {
  if (plan.state === "empty") return { state: isBack ? "rolled-back" : "unchanged" };
  return { state: isBack ? "stuck" : "failed", failure: blockedFailure(plan) };
};

interface Found {
  readonly rollout: RolloutRecord;
  readonly place: RolloutHostRecord;
  readonly isBack: boolean;
}

function wantedIn(
  { host }: Begun,
  rollout: RolloutRecord,
  place: RolloutHostRecord | undefined,
): Found | undefined {
  const isBack = rollout.state === "rolling-back";
  const wanted = isBack ? "rolling-back" : "running";
  const isOurs = rollout.state === wanted && place?.state === wanted && place.job === undefined;
  return isOurs && place.host === host ? { rollout, place, isBack } : undefined;
}

/** Undefined where the rollout went on without the host in between. It is held until the transaction ends. */
async function findBegun(tx: Transaction, begun: Begun): Promise<Found | undefined> {
  const rollout = await tx.rollouts.lock(begun.rollout);
  return wantedIn(begun, rollout, await tx.rollouts.findHost(begun.rollout, begun.host));
}

const planOf = (parts: Parts, tx: Transaction, { rollout, place, isBack }: Found) => {
  const { change, strategy } = rollout.spec;
  return createPlan(parts, tx, {
    host: place.host,
    vmPolicy: strategy.vmPolicy === "stop" ? "stop" : "refuse",
    ...(change.rebootReason === undefined || isBack
      ? { goal: "apply-profile", reason: "" }
      : { goal: "reboot", reason: change.rebootReason }),
  });
};

const vmsStandInTheWay = ({ plan }: PlanRecord): boolean =>
  plan.findings.some(
    ({ reason, severity }) => reason === "VMS_WOULD_BREAK" && severity === "error",
  );

/** @throws PlanningError PLAN_STALE; StoreError FLEET_FROZEN */
async function refuseStale(
  { brake }: Parts,
  tx: Transaction,
  found: Found | undefined,
): Promise<Found> {
  if (found === undefined) {
    throw new PlanningError("PLAN_STALE", "the rollout went on without the host meanwhile");
  }
  const freeze = await brake.find(tx);
  if (freeze === undefined) return found;
  throw new StoreError("FLEET_FROZEN", freezeText(freeze), { found: freeze.cause });
}

/**
 * The rollout is held only after the plan and the job were made: until then hosts of one rollout go side by side.
 * What went on meanwhile undoes both.
 */
async function makeJob(parts: Parts, tx: Transaction, begun: Begun): Promise<boolean> {
  const { host, rollout: id, checksBefore } = begun;
  const seen = wantedIn(begun, await tx.rollouts.get(id), await tx.rollouts.findHost(id, host));
  if (seen === undefined) return false;
  const plan = await planOf(parts, tx, seen);
  const isDrained = seen.rollout.spec.strategy.vmPolicy === "drain";
  const isEmptying = isDrained && !seen.place.isEmptied && vmsStandInTheWay(plan);
  const isReady = plan.state === "ready" && !isEmptying;
  const job = isReady ? await applyPlan(parts, tx, { id: plan.id, etag: plan.etag }) : undefined;
  const found = await refuseStale(parts, tx, await findBegun(tx, begun));
  if (isEmptying) {
    await beginEmptying(tx, found);
    return false;
  }
  const { isBack } = found;
  if (job === undefined) {
    await tx.rollouts.setHosts(id, [{ host, ...unbegun(isBack, plan) }]);
    return false;
  }
  const state = isBack ? "rolling-back" : "running";
  const before = checksBefore === undefined ? {} : { checksBefore };
  await tx.rollouts.setHosts(id, [{ host, state, job: job.id, ...before }]);
  return true;
}

/** Whether the host is without VMs as far as the rollout has to see to that; else it is taken one step further. */
export const isEmptied = (parts: Parts, begun: Begun): Promise<boolean> =>
  parts.store.transaction({ actor: ROLLOUT_ACTOR }, async (tx) => {
    const found = await findBegun(tx, begun);
    if (found === undefined) return false;
    return !found.place.isEmptied || (await emptyHost(parts, tx, found)) === "empty";
  });

/** Another job is at work on it, the fleet is frozen, or the database was away: it is tried again. */
const PASSING: readonly string[] = [
  "HOST_NOT_READY",
  "DATABASE_UNAVAILABLE",
  "PLAN_STALE",
  "FLEET_FROZEN",
];
const isPassing = ({ reason }: SwitchyardError): boolean => PASSING.includes(reason);

async function giveBack(parts: Parts, begun: Begun, error: SwitchyardError): Promise<void> {
  await parts.store.transaction({ actor: ROLLOUT_ACTOR }, async (tx) => {
    const found = await findBegun(tx, begun);
    if (found === undefined) return;
    const { isBack } = found;
    const { host, rollout } = begun;
    const change: RolloutHostChange = isPassing(error)
      ? { host, state: isBack ? "updated" : "waiting" }
      : { host, state: isBack ? "stuck" : "failed", failure: failureOf(error) };
    await tx.rollouts.setHosts(rollout, [change]);
  });
}

/** Makes the plan and the job of a host that the rollout took in hand. */
export async function beginHost(parts: Parts, begun: Begun): Promise<void> {
  try {
    const isMade = await parts.store.transaction({ actor: ROLLOUT_ACTOR }, (tx) =>
      makeJob(parts, tx, begun),
    );
    if (isMade) parts.dispatch.wake();
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    await giveBack(parts, begun, error);
  }
}
