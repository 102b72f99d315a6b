import { hasIommu } from "../machine/bios.ts";
import { iommuGroup, iommuGroupType } from "../machine/iommu.ts";
import type { Machine } from "../machine/machine.ts";
import {
  hugepagesOf,
  hugepagesOfNode,
  nodeMemoryBytes,
  takenHugepages,
} from "../machine/memory.ts";
import { lockdownOf, selinuxOf } from "../machine/security.ts";
import { attribute, fixedFile, folder, link, type Node } from "./node.ts";
import { devicePath, pciAddresses } from "./sys-pci.ts";

type Entries = Record<string, () => Node>;

/** `/sys/kernel/iommu_groups`: empty without an IOMMU. */
const iommuGroups = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      (hasIommu(machine) ? pciAddresses(machine) : []).map((address) => [
        String(iommuGroup(machine, address)),
        () =>
          folder(() => ({
            devices: () => folder(() => ({ [address]: link(devicePath(address)) })),
            type: attribute(() => iommuGroupType(machine)),
          })),
      ]),
    ),
  );

/** One unit for each socket. */
export const classIommu = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      Array.from({ length: hasIommu(machine) ? machine.spec.cpu.socketCount : 0 }, (_, at) => [
        `dmar${at}`,
        () => folder(() => ({})),
      ]),
    ),
  );

/** One folder a size. */
const hugepageFolders = (
  machine: Machine,
  pagesOf: (size: number) => { readonly count: number; readonly free: number },
): Node =>
  folder(() =>
    Object.fromEntries(
      [...hugepagesOf(machine).keys()].map((size) => [
        `hugepages-${size / 1024}kB`,
        () =>
          folder(() => ({
            nr_hugepages: attribute(() => pagesOf(size).count),
            free_hugepages: attribute(() => pagesOf(size).free),
          })),
      ]),
    ),
  );

const hugepages = (machine: Machine): Node =>
  hugepageFolders(machine, (size) => {
    const count = hugepagesOf(machine).get(size) ?? 0;
    return { count, free: count - takenHugepages(machine, size) };
  });

/** The one in force stands in brackets. */
const lockdown = (machine: Machine): string =>
  ["none", "integrity", "confidentiality"]
    .map((each) => (each === lockdownOf(machine) ? `[${each}]` : each))
    .join(" ");

/** `/sys/kernel`. */
export const sysKernel = (machine: Machine): Node =>
  folder(() => ({
    iommu_groups: () => iommuGroups(machine),
    mm: () => folder(() => ({ hugepages: () => hugepages(machine) })),
    security: () => folder(() => ({ lockdown: attribute(() => lockdown(machine)) })),
  }));

/** `/sys/fs`: selinuxfs is mounted only where SELinux is on. */
export const sysFs = (machine: Machine): Node =>
  folder(() => {
    const state = selinuxOf(machine);
    return {
      cgroup: () => folder(() => ({})),
      ...(state !== "disabled" && {
        selinux: () =>
          folder(() => ({ enforce: fixedFile(() => (state === "enforcing" ? "1" : "0")) })),
      }),
    };
  });

/** Threads are dealt out to the sockets in turn, as Dell's firmware numbers them. */
const cpuList = ({ spec: { cpu } }: Machine, node: number): string =>
  Array.from({ length: cpu.threadsPerSocket }, (_, at) => at * cpu.socketCount + node).join(",");

function numaNode(machine: Machine, node: number): Node {
  const kib = Math.floor(nodeMemoryBytes(machine, node) / 1024);
  return folder(() => ({
    cpulist: attribute(() => cpuList(machine, node)),
    hugepages: () => hugepageFolders(machine, (size) => hugepagesOfNode(machine, node, size)),
    meminfo: fixedFile(() => `Node ${node} MemTotal:${String(kib).padStart(15)} kB\n`),
  }));
}

/** `/sys/devices/system`: a NUMA node for each socket. */
export const devicesSystem = (machine: Machine): Node => {
  const nodes: Entries = Object.fromEntries(
    Array.from({ length: machine.spec.cpu.socketCount }, (_, node) => [
      `node${node}`,
      () => numaNode(machine, node),
    ]),
  );
  return folder(() => ({ node: () => folder(() => nodes) }));
};
