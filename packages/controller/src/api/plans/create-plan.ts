import {
  type Finding,
  type HostDesired,
  type HostId,
  type HostPlan,
  type PlanId,
  PlanningError,
  type VmPolicy,
} from "@switchyard/model";
import { planHost } from "@switchyard/planner";
import { newUuid, type Random } from "@switchyard/runtime";
import type { HostRecord, PlanRecord, Transaction } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";
import { desireNothing, desireProfile, desireRestored } from "./host-desired.ts";
import { matchingProfiles, selectProfile } from "./select-profile.ts";

/** What a plan shall lead to; `restore`: what was last applied, whatever became of the profile since. */
export type Goal = "apply-profile" | "tear-down" | "reboot" | "restore";

/** A plan as it is asked for. */
export interface Wanted {
  readonly host: HostId;
  readonly goal: Goal;
  readonly vmPolicy: VmPolicy;
  /** Why the host shall boot; empty for other goals. */
  readonly reason: string;
}

/** The host with an inventory that a plan can be made from. */
export type ObservedHost = HostRecord & {
  readonly inventory: NonNullable<HostRecord["inventory"]>;
};

/** @throws PlanningError HOST_NOT_READY when the host's agent has not reported yet */
export function observedHost(host: HostRecord): ObservedHost {
  const { inventory } = host;
  if (inventory !== undefined) return { ...host, inventory };
  throw new PlanningError("HOST_NOT_READY", `host ${host.id} has not reported its inventory`, {
    subject: `hosts/${host.id}`,
    found: `state ${host.state}, no inventory`,
    needs: "an agent that runs and reports",
  });
}

/**
 * A host that does not report is planned from its last inventory, and the plan says so; the agent plans afresh
 * before it begins, and refuses what is no longer the same.
 */
async function silenceFindings(tx: Transaction, host: ObservedHost): Promise<readonly Finding[]> {
  if (host.state !== "suspect" && host.state !== "lost") return [];
  const { lastAtMs = 0 } = await tx.jobs.readHostChange(host.id);
  const isBehind = host.inventory.observedAtMs < lastAtMs;
  return [
    {
      reason: "HOST_UNREACHABLE",
      severity: "warning",
      message: isBehind
        ? `${host.id} does not report; the plan is made from an inventory that is older than its last job`
        : `${host.id} does not report; the plan is made from its last inventory`,
      found: `state ${host.state}, last looked at ${new Date(host.inventory.observedAtMs).toISOString()}`,
      needs: "heartbeats",
      fix: "Check the agent's service on the host and its connection to NATS.",
    },
  ];
}

/** A bare host may be booted without a profile; one that has ours in it is brought back to its profile. */
async function desireGoal(
  random: Random,
  tx: Transaction,
  { goal }: Wanted,
  host: ObservedHost,
): Promise<HostDesired> {
  if (goal === "tear-down") return desireNothing(host);
  if (goal === "restore") return desireRestored(tx, host);
  const profiles = await tx.profiles.listAll();
  const isBare = host.appliedProfile === undefined;
  const matches = matchingProfiles(host.labels, profiles).length > 0;
  if (goal === "reboot" && isBare && !matches) return desireNothing(host);
  const profile = selectProfile(host, profiles);
  return desireProfile({ tx, random, host, inventory: host.inventory }, profile);
}

async function desire(
  { random }: Pick<ApiParts, "random">,
  tx: Transaction,
  wanted: Wanted,
  host: ObservedHost,
): Promise<HostDesired> {
  return {
    ...(await desireGoal(random, tx, wanted, host)),
    ...(wanted.vmPolicy !== "refuse" && { vmPolicy: wanted.vmPolicy }),
    ...(wanted.goal === "reboot" && { reboot: { reason: wanted.reason } }),
  };
}

/**
 * Plans the host and keeps the plan.
 *
 * @param known the host as it is now, where this transaction has locked and read it; left out, it is read
 * @throws StoreError HOST_NOT_FOUND, MAC_TAKEN, BRIDGE_ADDRESS_POOL_EXHAUSTED
 * @throws PlanningError HOST_NOT_READY, HOST_HAS_NO_PROFILE, PROFILE_AMBIGUOUS
 */
export async function createPlan(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  wanted: Wanted,
  known?: HostRecord,
): Promise<PlanRecord> {
  const host = observedHost(known ?? (await tx.hosts.get(wanted.host)));
  const desired = await desire(parts, tx, wanted, host);
  const plan: HostPlan = planHost(desired, host.inventory);
  const silence = await silenceFindings(tx, host);
  return tx.plans.create({
    id: newUuid(parts.clock, parts.random) as PlanId,
    host: host.id,
    hostKind: host.kind,
    profile: desired.datapath === undefined ? undefined : desired.profile,
    profileGeneration: desired.profileGeneration,
    plan: { ...plan, findings: [...plan.findings, ...silence] },
    desired,
    inventorySession: host.inventorySession ?? "",
    inventoryVersion: host.inventoryVersion,
  });
}
