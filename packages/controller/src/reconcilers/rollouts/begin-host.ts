import {
  freezeText,
  type HostId,
  type JobFailure,
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

/** Undefined where the rollout went on without the host in between. */
async function findBegun(
  tx: Transaction,
  { rollout: id, host }: Begun,
): Promise<Found | undefined> {
  const rollout = await tx.rollouts.lock(id);
  const place = await tx.rollouts.findHost(id, host);
  const isBack = rollout.state === "rolling-back";
  const wanted = isBack ? "rolling-back" : "running";
  const isOurs = rollout.state === wanted && place?.state === wanted && place.job === undefined;
  return isOurs ? { rollout, place, isBack } : undefined;
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

async function makeJob(parts: Parts, tx: Transaction, begun: Begun): Promise<boolean> {
  const found = await findBegun(tx, begun);
  if (found === undefined) return false;
  const { rollout, place, isBack } = found;
  const { host, checksBefore } = begun;
  const freeze = await parts.brake.find(tx);
  if (freeze !== undefined) {
    throw new StoreError("FLEET_FROZEN", freezeText(freeze), { found: freeze.cause });
  }
  const plan = await planOf(parts, tx, found);
  const isDrained = rollout.spec.strategy.vmPolicy === "drain";
  if (isDrained && !place.isEmptied && vmsStandInTheWay(plan)) {
    await beginEmptying(tx, found);
    return false;
  }
  if (plan.state !== "ready") {
    await tx.rollouts.setHosts(rollout.id, [{ host, ...unbegun(isBack, plan) }]);
    return false;
  }
  const job = await applyPlan(parts, tx, { id: plan.id, etag: plan.etag });
  const state = isBack ? "rolling-back" : "running";
  const before = checksBefore === undefined ? {} : { checksBefore };
  await tx.rollouts.setHosts(rollout.id, [{ host, state, job: job.id, ...before }]);
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
