import {
  type ExperimentId,
  type JobId,
  type PlanId,
  PlanningError,
  StoreError,
} from "@switchyard/model";
import { planHost } from "@switchyard/planner";
import { newUuid } from "@switchyard/runtime";
import type { HostRecord, JobRecord, PlanRecord, Transaction } from "@switchyard/store";
import { refuseLeased } from "../hosts/refuse-leased.ts";
import { JOB_TTL_MS } from "../jobs/job-ttl.ts";
import type { ApiParts } from "../parts.ts";
import { planName } from "../validation/names.ts";
import { observedHost } from "./create-plan.ts";
import { refuseBlocked } from "./refuse-blocked.ts";
import { selectProfile } from "./select-profile.ts";

function refuseUnready(plan: PlanRecord): void {
  if (plan.state === "applied") {
    throw new StoreError("PLAN_ALREADY_APPLIED", `plan ${plan.id} was applied before`, {
      subject: planName.format(plan.id),
    });
  }
  refuseBlocked(plan);
}

function staleGeneration(plan: PlanRecord, found: string): StoreError {
  return new StoreError("GENERATION_STALE", `plan ${plan.id} is older than what it was made from`, {
    subject: planName.format(plan.id),
    found,
    needs: `generation ${plan.desired.generation} of the host, ${plan.profileGeneration} of its profile`,
  });
}

/** What was wished for must be what the plan was made for: the same profile, and nothing applied since. */
async function refuseStaleWish(tx: Transaction, plan: PlanRecord, host: HostRecord): Promise<void> {
  if (host.desiredGeneration + 1 !== plan.desired.generation) {
    throw staleGeneration(plan, `the host is at generation ${host.desiredGeneration}`);
  }
  if (plan.profile === undefined) return;
  const profile = selectProfile(host, await tx.profiles.listAll());
  if (profile.id === plan.profile && profile.generation === plan.profileGeneration) return;
  throw staleGeneration(plan, `profile ${profile.id} is at generation ${profile.generation}`);
}

/** The agent refuses such a plan too; here its caller learns it at once. */
function refuseStaleInventory(plan: PlanRecord, record: HostRecord): void {
  const host = observedHost(record);
  const now = planHost(plan.desired, host.inventory);
  if (now.digest === plan.plan.digest) return;
  throw new PlanningError("PLAN_STALE", `host ${host.id} is not as plan ${plan.id} found it`, {
    subject: planName.format(plan.id),
    found: `a plan of ${now.steps.length} steps`,
    needs: `the plan of ${plan.plan.steps.length} steps that was reviewed`,
  });
}

function refuseLost(host: HostRecord): void {
  if (host.state !== "lost") return;
  throw new StoreError("HOST_UNREACHABLE", `host ${host.id} does not report`, {
    subject: `hosts/${host.id}`,
    found: "state lost",
    needs: "heartbeats",
  });
}

/**
 * Makes the job that does exactly what was planned.
 *
 * @throws StoreError PLAN_NOT_FOUND, ETAG_STALE, PLAN_ALREADY_APPLIED, GENERATION_STALE, HOST_NOT_READY,
 *   HOST_UNREACHABLE, HOST_IN_EXPERIMENT
 * @throws PlanningError PLAN_BLOCKED, PLAN_STALE
 */
export async function applyPlan(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  which: {
    readonly id: PlanId;
    readonly etag: string;
    /** The experiment that has the host, where it is that which asks. */
    readonly experiment?: ExperimentId;
  },
): Promise<JobRecord> {
  const plan = await tx.plans.get(which.id);
  refuseUnready(plan);
  const job = newUuid(parts.clock, parts.random) as JobId;
  // Compares the etag and takes the plan before anything else is looked at.
  await tx.plans.markApplied({ id: plan.id, etag: which.etag, job });
  const host = await tx.hosts.get(plan.host);
  refuseLost(host);
  refuseLeased(host, which.experiment);
  await refuseStaleWish(tx, plan, host);
  refuseStaleInventory(plan, host);
  return makeJob(tx, { plan, job });
}

/**
 * The same for a plan that this transaction has just made of a host that it holds: what it was made from can't have
 * changed since, and is not compared again.
 *
 * @param made.host as the plan was made from it
 * @throws StoreError HOST_NOT_READY, HOST_UNREACHABLE, HOST_IN_EXPERIMENT, GENERATION_STALE; PlanningError PLAN_BLOCKED
 */
export async function applyNewPlan(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  { plan, host }: { readonly plan: PlanRecord; readonly host: HostRecord },
): Promise<JobRecord> {
  refuseUnready(plan);
  refuseLost(host);
  refuseLeased(host);
  const job = newUuid(parts.clock, parts.random) as JobId;
  await tx.plans.markApplied({ id: plan.id, etag: plan.etag, job });
  return makeJob(tx, { plan, job });
}

/** @throws StoreError GENERATION_STALE where something was applied since the plan was made; HOST_NOT_READY */
async function makeJob(
  tx: Transaction,
  { plan, job }: { readonly plan: PlanRecord; readonly job: JobId },
): Promise<JobRecord> {
  const { host } = plan;
  const generation = await tx.hosts.raiseDesiredGeneration(host);
  if (generation !== plan.desired.generation) {
    throw staleGeneration(plan, `the host is at generation ${generation - 1}`);
  }
  return tx.jobs.create({
    id: job,
    host,
    spec: {
      kind: "apply-host",
      plan: plan.id,
      desired: plan.desired,
      planDigest: plan.plan.digest,
    },
    subject: planName.format(plan.id),
    ttlMs: JOB_TTL_MS,
  });
}
