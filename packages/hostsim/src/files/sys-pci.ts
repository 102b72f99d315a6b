import type { PciAddress } from "@switchyard/model";
import { hasGlobalSriov, hasIommu } from "../machine/bios.ts";
import { ONBOARD_PORTS } from "../machine/boot.ts";
import {
  bindDriver,
  driverNames,
  probeDrivers,
  setDriverOverride,
  unbindDriver,
} from "../machine/driver-binding.ts";
import { totalVfsOf } from "../machine/firmware-config.ts";
import { iommuGroup } from "../machine/iommu.ts";
import type { Machine, Pf, Vf } from "../machine/machine.ts";
import { allVfs, findPf, findVf, vdpaOfVf } from "../machine/machine.ts";
import type { Netdev } from "../machine/netdev.ts";
import { setVfCount, sriovRouting } from "../machine/sriov.ts";
import { attribute, folder, folderOf, link, type Node, trigger } from "./node.ts";
import { netdevFolder } from "./sys-net.ts";
import { vdpaFolder } from "./sys-vdpa.ts";

type Entries = Record<string, () => Node>;

/** Every PCI function there is, in address order. */
export const pciAddresses = (machine: Machine): readonly PciAddress[] => [
  ...ONBOARD_PORTS.map(({ pciAddress }) => pciAddress),
  ...machine.boot.pfs.map(({ pciAddress }) => pciAddress),
  ...allVfs(machine)
    .map(({ pciAddress }) => pciAddress)
    .sort(),
];

const isOnboard = (address: string): boolean =>
  ONBOARD_PORTS.some(({ pciAddress }) => pciAddress === address);

/** Whether there is such a function. */
const isThere = (machine: Machine, address: string): address is PciAddress =>
  isOnboard(address) ||
  findPf(machine, address) !== undefined ||
  findVf(machine, address) !== undefined;

const busOf = (address: string): string => (isOnboard(address) ? "0000:00" : "0000:80");
/** The folder under /sys/devices that holds a function. */
export const devicePath = (address: string): string =>
  `/sys/devices/pci${busOf(address)}/${busOf(address)}:02.0/${address}`;

function driverOf(machine: Machine, address: PciAddress): string | undefined {
  if (isOnboard(address)) return "i40e";
  const vf = findVf(machine, address);
  return vf === undefined ? "mlx5_core" : vf.driver;
}

const countFile =
  (pf: Pf): (() => Node) =>
  () => ({
    kind: "file",
    read: () => `${pf.vfs.length}\n`,
    write: (act, text) => setVfCount(act, pf, text),
  });

function pfEntries(machine: Machine, pf: Pf): Entries {
  const { offset, stride } = sriovRouting(machine, pf);
  const links = pf.vfs.map((vf) => [`virtfn${vf.index}`, link(`../${vf.pciAddress}`)] as const);
  return {
    sriov_numvfs: countFile(pf),
    sriov_totalvfs: attribute(() =>
      hasGlobalSriov(machine) ? totalVfsOf(machine, pf.pciAddress) : 0,
    ),
    sriov_offset: attribute(() => offset),
    sriov_stride: attribute(() => stride),
    sriov_vf_device: attribute(() => "101e"),
    sriov_drivers_autoprobe: attribute(() => 1),
    ...(machine.boot.driverVersion !== undefined ? { mlx5_num_vfs: countFile(pf) } : {}),
    ...Object.fromEntries(links),
  };
}

function vfEntries(machine: Machine, vf: Vf): Entries {
  const device = vdpaOfVf(machine, vf.pciAddress);
  return {
    physfn: link(`../${vf.pf}`),
    ...(device === undefined ? {} : { [device.name]: () => vdpaFolder(device) }),
  };
}

function cardEntries(machine: Machine, address: PciAddress): Entries {
  const pf = findPf(machine, address);
  const vf = findVf(machine, address);
  if (pf !== undefined) return pfEntries(machine, pf);
  return vf === undefined ? {} : vfEntries(machine, vf);
}

function netEntries(machine: Machine, address: PciAddress): Entries {
  const netdevs: Netdev[] = [];
  for (const each of machine.boot.netdevs.values()) {
    if (each.pciAddress === address) netdevs.push(each);
  }
  if (netdevs.length === 0) return {};
  const entries = netdevs.map((each) => [each.name, () => netdevFolder(machine, each)] as const);
  return { net: () => folder(() => Object.fromEntries(entries)) };
}

function ids(machine: Machine, address: PciAddress): { vendor: string; device: string } {
  if (isOnboard(address)) {
    return { vendor: "0x8086", device: "0x1572" };
  }
  return { vendor: "0x15b3", device: findVf(machine, address) === undefined ? "0x101d" : "0x101e" };
}

function overrideFile(machine: Machine, address: PciAddress): () => Node {
  return () => ({
    kind: "file",
    read: () => `${findVf(machine, address)?.driverOverride ?? "(null)"}\n`,
    write: (act, text) => setDriverOverride(act, address, text),
  });
}

function deviceFolder(machine: Machine, address: PciAddress): Node {
  const isCard = !isOnboard(address);
  const { vendor, device } = ids(machine, address);
  const speed = isCard ? ["8.0 GT/s PCIe", "16.0 GT/s PCIe"] : ["8.0 GT/s PCIe", "8.0 GT/s PCIe"];
  const width = isCard ? machine.spec.card.lanes : 8;
  const maxWidth = isCard ? 16 : 8;
  return folder(() => {
    const driver = driverOf(machine, address);
    return {
      class: attribute(() => "0x020000"),
      current_link_speed: attribute(() => speed[0] as string), // two elements
      current_link_width: attribute(() => width),
      device: attribute(() => device),
      driver_override: overrideFile(machine, address),
      max_link_speed: attribute(() => speed[1] as string), // two elements
      max_link_width: attribute(() => maxWidth),
      numa_node: attribute(() => (isCard ? machine.spec.card.numaNode : 0)),
      subsystem_vendor: attribute(() => (isCard ? "0x15b3" : "0x1028")),
      subsystem_device: attribute(() => "0x0042"),
      vendor: attribute(() => vendor),
      ...(driver === undefined ? {} : { driver: link(`../../../../bus/pci/drivers/${driver}`) }),
      ...(hasIommu(machine)
        ? {
            iommu_group: link(`../../../../kernel/iommu_groups/${iommuGroup(machine, address)}`),
          }
        : {}),
      ...cardEntries(machine, address),
      ...netEntries(machine, address),
    };
  });
}

/** `/sys/devices/pci…`: root ports with the functions below them. */
export function pciDevices(machine: Machine): Entries {
  const under = (bus: string) => () =>
    folder(() => ({
      [`${bus}:02.0`]: () =>
        folderOf(
          () => pciAddresses(machine),
          (address) =>
            busOf(address) === bus && isThere(machine, address)
              ? () => deviceFolder(machine, address)
              : undefined,
        ),
    }));
  return { "pci0000:00": under("0000:00"), "pci0000:80": under("0000:80") };
}

function driverFolder(machine: Machine, driver: string): Node {
  return folder(() => ({
    bind: trigger((act, text) => bindDriver(act, driver, text)),
    unbind: trigger((act, text) => unbindDriver(act, driver, text)),
    ...Object.fromEntries(
      pciAddresses(machine)
        .filter((address) => driverOf(machine, address) === driver)
        .map((address) => [address, link(devicePath(address))]),
    ),
  }));
}

/** `/sys/bus/pci`. */
export const busPci = (machine: Machine): Node =>
  folder(() => ({
    devices: () =>
      folderOf(
        () => pciAddresses(machine),
        (address) => (isThere(machine, address) ? link(devicePath(address)) : undefined),
      ),
    drivers: () =>
      folder(() =>
        Object.fromEntries(
          ["i40e", ...driverNames(machine)].map((name) => [
            name,
            () => driverFolder(machine, name),
          ]),
        ),
      ),
    drivers_probe: trigger((act, text) => probeDrivers(act, text)),
  }));
