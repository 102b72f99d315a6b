import { type Ipv4Address, type JobId, PlanningError, type VmId } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { JobRecord, Transaction } from "@switchyard/store";
import { JOB_TTL_MS } from "../jobs/job-ttl.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { requireGuestAgent } from "./vm-address.ts";

/**
 * Makes the job that sends pings from inside the guest.
 *
 * @throws StoreError VM_NOT_FOUND
 * @throws PlanningError VM_NOT_RUNNING, LINT_FAILED for a guest without agent
 */
export async function pingFromVm(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  ping: { readonly vm: VmId; readonly target: Ipv4Address; readonly count: number },
): Promise<JobRecord> {
  const vm = await tx.vms.get(ping.vm);
  const subject = vmName.format(vm.id);
  if (vm.state !== "running") {
    throw new PlanningError("VM_NOT_RUNNING", `VM ${vm.id} is not running`, {
      subject,
      found: `state ${vm.state}`,
      needs: "state running",
    });
  }
  requireGuestAgent(vm, "send pings");
  return tx.jobs.create({
    id: newUuid(parts.clock, parts.random) as JobId,
    host: vm.allocation.host,
    spec: { kind: "ping-vm", vm: vm.id, target: ping.target, count: ping.count },
    subject,
    ttlMs: JOB_TTL_MS,
  });
}
