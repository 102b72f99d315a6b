import type { JobId, VmDesired } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { JobRecord, Transaction, VmRecord } from "@switchyard/store";
import { JOB_TTL_MS } from "../jobs/job-ttl.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";

/** The VM as its host is told of it. */
export const toDesired = (vm: VmRecord): VmDesired => ({
  vm: vm.id,
  generation: vm.generation,
  spec: vm.spec,
  network: vm.spec.network,
  allocation: vm.allocation,
  slotMac: vm.slotMac,
});

/** Makes the job that starts or deletes the VM on its host. */
export const createVmJob = (
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  wanted: { readonly kind: "start-vm" | "delete-vm"; readonly vm: VmRecord },
): Promise<JobRecord> =>
  tx.jobs.create({
    id: newUuid(parts.clock, parts.random) as JobId,
    host: wanted.vm.allocation.host,
    spec: { kind: wanted.kind, vm: toDesired(wanted.vm) },
    subject: vmName.format(wanted.vm.id),
    ttlMs: JOB_TTL_MS,
  });
