import type { VmId } from "@switchyard/model";
import { StoreError } from "@switchyard/model";
import type { Transaction, VmRecord } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";
import { createVmJob } from "./vm-jobs.ts";

/**
 * Makes the job that stops the VM and gives back what it took, whatever its state. A VM that is being
 * deleted already stays as it is.
 *
 * @throws StoreError VM_NOT_FOUND, ETAG_STALE; an empty etag is not compared
 */
export async function deleteVm(
  parts: ApiParts,
  tx: Transaction,
  which: { readonly id: VmId; readonly etag: string },
): Promise<VmRecord> {
  const vm = await tx.vms.get(which.id);
  if (which.etag !== "" && which.etag !== vm.etag) {
    throw new StoreError("ETAG_STALE", `VM ${vm.id} changed since it was read`, {
      subject: `vms/${vm.id}`,
      found: `etag ${vm.etag}`,
      needs: `etag ${which.etag}`,
    });
  }
  if (vm.state === "deleting") return vm;
  const job = await createVmJob(parts, tx, { kind: "delete-vm", vm });
  return tx.vms.setState({ id: vm.id, state: "deleting", etag: vm.etag, job: job.id });
}
