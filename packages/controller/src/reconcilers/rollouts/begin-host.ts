import {
  freezeText,
  type HostId,
  type JobFailure,
  PlanningError,
  type RolloutId,
  StoreError,
  SwitchyardError,
} from "@switchyard/model";
import { diagnoseHost } from "@switchyard/planner";
import type {
  CheckBefore,
  HostRecord,
  PlanRecord,
  RolloutHostChange,
  RolloutHostRecord,
  RolloutRecord,
  Transaction,
} from "@switchyard/store";
import type { Look } from "../../api/diagnosis/examine.ts";
import type { FleetView } from "../../api/diagnosis/fleet-view.ts";
import { gatherHostFacts } from "../../api/diagnosis/host-facts.ts";
import { failureOf } from "../../api/jobs/failure-of.ts";
import type { ApiParts } from "../../api/parts.ts";
import { applyNewPlan } from "../../api/plans/apply-plan.ts";
import { createPlan, type Wanted } from "../../api/plans/create-plan.ts";
import { beginEmptying, emptyHost } from "./empty-host.ts";

export const ROLLOUT_ACTOR = "controller/rollout";

type PlanParts = Pick<ApiParts, "clock" | "random">;

export type BeginParts = Pick<ApiParts, "store" | "clock" | "random" | "dispatch" | "brake">;

/** A host that the rollout took in hand. */
export interface Begun {
  readonly rollout: RolloutId;
  readonly host: HostId;
  /** What its agent saw before it is touched; left out while the host is brought back. */
  readonly before?: { readonly look: Omit<Look, "host">; readonly fleet: FleetView };
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

const planOf = (
  parts: PlanParts,
  tx: Transaction,
  { rollout, place, isBack }: Found,
  host: HostRecord,
) => {
  const { change, strategy } = rollout.spec;
  const wanted: Wanted = {
    host: place.host,
    vmPolicy: strategy.vmPolicy === "stop" ? "stop" : "refuse",
    ...(change.rebootReason === undefined || isBack
      ? { goal: "apply-profile", reason: "" }
      : { goal: "reboot", reason: change.rebootReason }),
  };
  return createPlan(parts, tx, wanted, host);
};

/** The host's checks before it is touched. */
async function checksOf(
  parts: PlanParts,
  tx: Transaction,
  { before }: Begun,
  host: HostRecord,
): Promise<readonly CheckBefore[] | undefined> {
  if (before === undefined) return undefined;
  const look = { ...before.look, host };
  const facts = await gatherHostFacts(parts, tx, { look, fleet: before.fleet });
  return diagnoseHost(facts).map(({ id, status }) => ({ id, status }));
}

const vmsStandInTheWay = ({ plan }: PlanRecord): boolean =>
  plan.findings.some(
    ({ reason, severity }) => reason === "VMS_WOULD_BREAK" && severity === "error",
  );

/** @throws PlanningError PLAN_STALE; StoreError FLEET_FROZEN */
async function refuseStale(
  { brake }: BeginParts,
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
 *
 * @returns whether there is a job now
 */
async function makeJob(parts: BeginParts, tx: Transaction, begun: Begun): Promise<boolean> {
  const { host: name, rollout: id } = begun;
  const seen = wantedIn(begun, await tx.rollouts.get(id), await tx.rollouts.findHost(id, name));
  if (seen === undefined) return false;
  const host = await tx.hosts.lock(name);
  const checksBefore = await checksOf(parts, tx, begun, host);
  const plan = await planOf(parts, tx, seen, host);
  const isDrained = seen.rollout.spec.strategy.vmPolicy === "drain";
  const isEmptying = isDrained && !seen.place.isEmptied && vmsStandInTheWay(plan);
  const isReady = plan.state === "ready" && !isEmptying;
  const traced = tx.inTrace(seen.rollout.traceparent);
  const job = isReady ? await applyNewPlan(parts, traced, { plan, host }) : undefined;
  const found = await refuseStale(parts, tx, await findBegun(tx, begun));
  if (isEmptying) {
    await beginEmptying(tx, found);
    return false;
  }
  const { isBack } = found;
  if (job === undefined) {
    await tx.rollouts.setHosts(id, [{ host: name, ...unbegun(isBack, plan) }]);
    return false;
  }
  const state = isBack ? "rolling-back" : "running";
  const before = checksBefore === undefined ? {} : { checksBefore };
  await tx.rollouts.setHosts(id, [{ host: name, state, job: job.id, ...before }]);
  return true;
}

/** Whether the host is without VMs as far as the rollout has to see to that; else it is taken one step further. */
export const isEmptied = (parts: BeginParts, begun: Begun): Promise<boolean> =>
  parts.store.transaction({ actor: ROLLOUT_ACTOR }, async (tx) => {
    const found = await findBegun(tx, begun);
    if (found === undefined) return false;
    return !found.place.isEmptied || (await emptyHost(parts, tx, found)) === "empty";
  });

/** Another job or an experiment is at work on it, the fleet is frozen, or the database was away: it is tried again. */
const PASSING: readonly string[] = [
  "HOST_NOT_READY",
  "HOST_IN_EXPERIMENT",
  "DATABASE_UNAVAILABLE",
  "PLAN_STALE",
  "FLEET_FROZEN",
];
const isPassing = ({ reason }: SwitchyardError): boolean => PASSING.includes(reason);

async function giveBack(parts: BeginParts, begun: Begun, error: SwitchyardError): Promise<void> {
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

/** Makes the plans and the jobs of hosts that rollouts took in hand. @throws what is no reason of ours */
export async function beginHosts(parts: BeginParts, begun: readonly Begun[]): Promise<void> {
  const results = await parts.store.transactions({ actor: ROLLOUT_ACTOR }, begun, (tx, each) =>
    makeJob(parts, tx, each),
  );
  if (results.some((result) => result.status === "fulfilled" && result.value)) {
    parts.dispatch.wake();
  }
  const unknown: unknown[] = [];
  for (const [index, each] of begun.entries()) {
    const result = results[index];
    if (result?.status !== "rejected") continue;
    const error: unknown = result.reason;
    if (error instanceof SwitchyardError) await giveBack(parts, each, error);
    else unknown.push(error);
  }
  if (unknown.length > 0) throw new AggregateError(unknown, "hosts were not begun");
}
