import { type Act, note } from "./act.ts";
import type { Machine } from "./machine.ts";
import { bindFreeVdpaDevices } from "./vdpa.ts";

/** Modules of this kernel that matter here, each with those it pulls in. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  i40e: [],
  mlxfw: [],
  psample: [],
  mlx_compat: [],
  mlx5_core: ["mlx_compat", "mlxfw", "psample"],
  mlx5_ib: ["mlx5_core"],
  kvm: [],
  kvm_intel: ["kvm"],
  vdpa: [],
  vringh: [],
  vhost_iotlb: [],
  vhost: ["vhost_iotlb"],
  vhost_vdpa: ["vhost", "vhost_iotlb", "vdpa"],
  virtio_vdpa: ["vdpa"],
  mlx5_vdpa: ["mlx5_core", "vdpa", "vringh", "vhost_iotlb"],
  vfio: [],
  vfio_iommu_type1: ["vfio"],
  vfio_pci_core: ["vfio"],
  vfio_pci: ["vfio_pci_core", "vfio_iommu_type1"],
  mlx5_vfio_pci: ["mlx5_core", "vfio_pci_core", "vfio_iommu_type1"],
  nf_conntrack: [],
  openvswitch: ["nf_conntrack"],
  cls_flower: [],
  act_mirred: [],
  sch_ingress: [],
  nbd: [],
};

/** Loaded once the machine has booted. */
export const MODULES_AT_BOOT: readonly string[] = [
  "i40e",
  "mlx_compat",
  "mlxfw",
  "psample",
  "mlx5_core",
  "kvm",
  "kvm_intel",
];

export const moduleName = (text: string): string => text.replaceAll("-", "_");
export const isKnownModule = ({ spec }: Pick<Machine, "spec">, name: string): boolean =>
  Object.hasOwn(DEPENDENCIES, name) && !spec.missingModules.includes(name);

/** Modules that use `name` right now, as the last column of `/proc/modules` lists them. */
export const usersOf = (machine: Machine, name: string): readonly string[] =>
  [...machine.boot.modules].filter((module) => DEPENDENCIES[module]?.includes(name));

/** Whether something other than a module keeps it: a device, a VM, the datapath. */
function isHeld(machine: Machine, name: string): boolean {
  const { vdpaDevices, processes, vswitchd } = machine.boot;
  const usesVdpa = name === "mlx5_vdpa" || name === "vdpa";
  if (usesVdpa && vdpaDevices.size > 0) return true;
  if (name === "openvswitch") return vswitchd !== undefined;
  if (name === "vhost_vdpa" || name === "kvm_intel") {
    return [...processes.values()].some(({ qemu }) => qemu !== undefined);
  }
  return name === "mlx5_core" || name === "i40e";
}

/** Loads a module and what it needs. @returns false for a module this kernel does not have */
export function loadModule(act: Act, name: string): boolean {
  const { modules } = act.machine.boot;
  if (!isKnownModule(act.machine, name)) return false;
  if (modules.has(name)) return true;
  for (const dependency of DEPENDENCIES[name] ?? []) loadModule(act, dependency);
  modules.add(name);
  note(act, `module ${name}`, { before: "absent", after: "loaded" });
  if (name === "vhost_vdpa" || name === "virtio_vdpa") bindFreeVdpaDevices(act.machine);
  return true;
}

/** @returns false while the module is in use */
export function unloadModule(act: Act, name: string): boolean {
  const { machine } = act;
  if (!machine.boot.modules.has(name)) return true;
  if (usersOf(machine, name).length > 0 || isHeld(machine, name)) return false;
  machine.boot.modules.delete(name);
  for (const device of machine.boot.vdpaDevices.values()) {
    if (device.driver !== name) continue;
    device.driver = undefined;
    device.minor = undefined;
  }
  note(act, `module ${name}`, { before: "loaded", after: "absent" });
  return true;
}
