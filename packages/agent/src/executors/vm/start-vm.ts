import { detectAccelerator } from "@switchyard/host";
import {
  type AllocatedNic,
  type GuestMemory,
  type QemuNic,
  runtimeOf,
  stamp,
  type VmDesired,
  vmPaths,
} from "@switchyard/model";
import { runtimeOfKind } from "../../vm-runtime/find-runtime.ts";
import { awaitVhostPath } from "../datapath/vdpa-device.ts";
import type { StepContext } from "../executor.ts";
import { awaitVfAddress } from "../resolve.ts";

/** The NIC as QEMU takes it, by what its slot is called now. @throws HostError DEVICE_ABSENT */
async function findNic(context: StepContext, nic: AllocatedNic): Promise<QemuNic> {
  const vf = { pf: nic.pf, index: nic.vfIndex };
  if (nic.kind === "sriov") {
    return { kind: "sriov", pciAddress: await awaitVfAddress(context, vf) };
  }
  const vhostPath = await awaitVhostPath(context, vf);
  return { kind: "vdpa", vhostPath, queuePairs: nic.queuePairs, mac: nic.mac };
}

/**
 * Starts a VM's QEMU. The stamp stands before the process, so that whatever runs can always be told whose it is.
 *
 * @param isAwaiting it waits for a guest from elsewhere and boots none
 * @throws HostError VM_START_FAILED, DEVICE_ABSENT, and what the runtime throws
 */
export async function startVm(
  context: StepContext,
  { vm: desired, memory }: { readonly vm: VmDesired; readonly memory?: GuestMemory },
  isAwaiting = false,
): Promise<void> {
  const { vm, spec, allocation, image } = desired;
  const { host } = context;
  const nics: QemuNic[] = [];
  for (const nic of allocation.nics) nics.push(await findNic(context, nic));
  await host.replaceFile(vmPaths(vm).stampFile, stampText(context));
  await runtimeOfKind(runtimeOf(spec)).start(context, {
    vm,
    accelerator: await detectAccelerator(context.observer),
    vcpuCount: spec.vcpuCount,
    memoryBytes: spec.memoryBytes,
    boot: spec.boot,
    ...(image !== undefined && { image }),
    ...(memory !== undefined && { memory }),
    nics,
    hasGuestAgent: spec.hasGuestAgent,
    ...(isAwaiting && { isAwaiting }),
  });
}

const stampText = ({ job, epoch }: StepContext): string =>
  `${JSON.stringify({ job, epoch, stamp: stamp(job, epoch) })}\n`;
