import { type DatapathMode, type HostId, PlanningError } from "@switchyard/model";
import type { HostRecord, PlanRecord, Transaction } from "@switchyard/store";
import { refuseLeased } from "../hosts/refuse-leased.ts";
import { observedMode } from "../hosts/slots.ts";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";
import { hostName } from "../validation/names.ts";
import { createPlan } from "./create-plan.ts";
import { refuseBlocked } from "./refuse-blocked.ts";

/** VMs of one host; no NIC has more VFs than 127, and a host holds few NICs. */
const VMS_PER_HOST_MAX = 4096;

/** VMs that the change would hit: those seen running, and those whose slot on the host would be gone. */
async function vmsInTheWay(
  tx: Transaction,
  host: HostRecord,
  { plan, desired }: PlanRecord,
): Promise<readonly string[]> {
  const isInMode =
    host.inventory !== undefined && observedMode(host.inventory) === desired.datapath?.mode;
  if (isInMode) return plan.affectedVms;
  const placed = await listAll((page) => tx.vms.list({ ...page, host: host.id }), VMS_PER_HOST_MAX);
  return [...new Set([...plan.affectedVms, ...placed.map(({ id }) => id)])].sort();
}

function refuseWithVms(host: HostId, vms: readonly string[]): void {
  const [first] = vms;
  if (first === undefined) return;
  throw new PlanningError("VMS_WOULD_BREAK", `host ${host} has VMs that would lose the NIC`, {
    subject: hostName.format(host),
    found: `VMs ${vms.join(", ")}`,
    needs: "none of them on this host",
    try: `swy vm delete ${first}`,
  });
}

/**
 * Keeps the mode that the host shall have and plans the way there, or neither: what can't be applied is not
 * wished for.
 *
 * @param wanted.mode undefined: the mode of the host's profile
 * @throws StoreError HOST_NOT_FOUND, ETAG_STALE, MAC_TAKEN, BRIDGE_ADDRESS_POOL_EXHAUSTED, HOST_IN_EXPERIMENT
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
  const host = await tx.hosts.setDatapathMode(wanted);
  refuseLeased(host);
  const plan = await createPlan(parts, tx, {
    host: wanted.id,
    goal: "apply-profile",
    vmPolicy: "refuse",
    reason: "",
  });
  refuseWithVms(host.id, await vmsInTheWay(tx, host, plan));
  refuseBlocked(plan);
  return plan;
}
