import { PlanningError } from "@switchyard/model";
import type { Transaction, VmRecord } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";
import { chooseVm, type VmChoice, workOnVm } from "./work-on-vm.ts";

/**
 * Makes the job that stops the VM and gives back what it took. A VM that is being deleted already stays as it is.
 *
 * @throws StoreError VM_NOT_FOUND, ETAG_STALE, VM_STATE_CONFLICT while it moves; PlanningError VM_PROTECTED
 */
export async function deleteVm(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  which: VmChoice,
): Promise<VmRecord> {
  const vm = await chooseVm(tx, which);
  if (vm.state === "deleting") return vm;
  if (vm.spec.preventDestroy === true) {
    throw new PlanningError("VM_PROTECTED", `VM ${vm.id} is kept from being deleted`, {
      subject: vmName.format(vm.id),
      found: "prevent_destroy true",
      needs: "prevent_destroy false",
      try: `swy vm update ${vm.id} --no-prevent-destroy`,
    });
  }
  return workOnVm(parts, tx, { kind: "delete-vm", vm });
}
