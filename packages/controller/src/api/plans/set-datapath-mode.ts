import { type DatapathMode, type HostId, PlanningError } from "@switchyard/model";
import type { PlanRecord, Transaction } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";
import { hostName } from "../validation/names.ts";
import { createPlan } from "./create-plan.ts";
import { refuseBlocked } from "./refuse-blocked.ts";

/** What stands in the way of a change of mode more often than anything else has a reason of its own. */
function refuseWithVms(host: HostId, { plan }: PlanRecord): void {
  const { affectedVms } = plan;
  const [first] = affectedVms;
  if (first === undefined) return;
  throw new PlanningError("VMS_WOULD_BREAK", `host ${host} runs VMs that would lose the NIC`, {
    subject: hostName.format(host),
    found: `running: ${affectedVms.join(", ")}`,
    needs: "none of them running on this host",
    try: `swy vm delete ${first}`,
  });
}

/**
 * Keeps the mode that the host shall have and plans the way there, or neither: what can't be applied is not
 * wished for.
 *
 * @param wanted.mode undefined: the mode of the host's profile
 * @throws StoreError HOST_NOT_FOUND, ETAG_STALE, MAC_TAKEN, BRIDGE_ADDRESS_POOL_EXHAUSTED
 * @throws PlanningError HOST_NOT_READY, HOST_HAS_NO_PROFILE, PROFILE_AMBIGUOUS, MODE_NOT_DESCRIBED,
 *   VMS_WOULD_BREAK, PLAN_BLOCKED
 */
export async function setDatapathMode(
  parts: ApiParts,
  tx: Transaction,
  wanted: {
    readonly id: HostId;
    readonly etag: string;
    readonly mode: DatapathMode | undefined;
  },
): Promise<PlanRecord> {
  await tx.hosts.setDatapathMode(wanted);
  const plan = await createPlan(parts, tx, { host: wanted.id, goal: "apply-profile" });
  refuseWithVms(wanted.id, plan);
  refuseBlocked(plan);
  return plan;
}
