import { type Host, isDomainDefined, undefineDomain } from "@switchyard/host";
import { type VmRuntimeKind, vmPaths } from "@switchyard/model";
import type { StepContext } from "../executors/executor.ts";
import { libvirtRuntime } from "./libvirt-runtime.ts";
import { qemuRuntime } from "./qemu-runtime.ts";
import type { VmRuntime } from "./vm-runtime.ts";

const RUNTIMES: Readonly<Record<VmRuntimeKind, VmRuntime>> = {
  qemu: qemuRuntime,
  libvirt: libvirtRuntime,
};

export const runtimeOfKind = (kind: VmRuntimeKind): VmRuntime => RUNTIMES[kind];

/**
 * What runs a VM on this host now, or ran it last, by what it left; `qemu` where it left nothing. A definition
 * outlives a boot, the VM's folder does not.
 */
export async function findRuntimeKind(host: Host, vm: string): Promise<VmRuntimeKind> {
  if (await host.exists(vmPaths(vm).domainFile)) return "libvirt";
  if (await host.exists(vmPaths(vm).pidFile)) return "qemu";
  return (await isDomainDefined(host, vm)) ? "libvirt" : "qemu";
}

export const findRuntime = async (host: Host, vm: string): Promise<VmRuntime> =>
  runtimeOfKind(await findRuntimeKind(host, vm));

/**
 * Takes away what an ended VM leaves, whatever ran it: its folder, and its domain's definition. May run twice.
 *
 * @throws HostError LIBVIRT_UNREACHABLE where there is a definition to take away
 */
export async function clearVm({ host }: StepContext, vm: string): Promise<void> {
  await undefineDomain(host, vm);
  await host.remove(vmPaths(vm).folder);
}
