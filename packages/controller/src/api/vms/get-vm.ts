import type { VmId } from "@switchyard/model";
import type { Vm } from "@switchyard/proto";
import type { Reads } from "@switchyard/store";
import { toProtoVm } from "../convert/vm.ts";

/** A VM with what its host last saw of its guest. @throws StoreError VM_NOT_FOUND */
export async function getVmWithGuest(reads: Pick<Reads, "vms" | "hosts">, id: VmId): Promise<Vm> {
  const vm = await reads.vms.get(id);
  if (vm.state !== "running") return toProtoVm(vm);
  const { inventory } = await reads.hosts.get(vm.allocation.host);
  return toProtoVm(
    vm,
    inventory?.vms.find((seen) => seen.vm === id),
  );
}
