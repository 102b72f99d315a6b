import {
  HostError,
  isPciAddress,
  type PciAddress,
  type PciLink,
  parsePciAddress,
  type Reason,
} from "@switchyard/model";
import { type Host, HostFileError } from "../../port/host.ts";
import { fileError, listOptional, readLinkName, readOptional } from "../tool.ts";
import { parsePciLink } from "./parse.ts";

const DEVICES = "/sys/bus/pci/devices";
/** Class code of Ethernet controllers. @see pci_ids.h, PCI_CLASS_NETWORK_ETHERNET */
const ETHERNET_CLASS = "0x0200";
/** Class code of all network controllers, InfiniBand too. @see pci_ids.h, PCI_BASE_CLASS_NETWORK */
const NETWORK_CLASS = "0x02";
/** Class code of bridges between PCI buses. @see pci_ids.h, PCI_CLASS_BRIDGE_PCI */
const PCI_BRIDGE_CLASS = "0x0604";
/** Firmware makes VFs one after the other, with udev behind it: 0.5 to 2 s each. */
const VF_WRITE_TIMEOUT_MS = 300_000;

export interface PciFunction {
  readonly address: PciAddress;
  /** `0x15b3`. */
  readonly vendorId: string;
  /** `0x101d`. */
  readonly deviceId: string;
  readonly driver: string | undefined;
  /** The PF, when this is a VF. */
  readonly physicalFunction: PciAddress | undefined;
  /** Undefined without SR-IOV capability. */
  readonly totalVfs: number | undefined;
  readonly sriov: { readonly offset: number; readonly stride: number } | undefined;
  /** -1 where BIOS gave no affinity. */
  readonly numaNode: number;
  readonly pciLink: PciLink | undefined;
  readonly iommuGroup: number | undefined;
  /** Netdevs whose parent it is; in switchdev mode a PF's representors are among them. */
  readonly netdevs: readonly string[];
}

/**
 * VFs that exist now.
 *
 * @param numVfsPath `…/sriov_numvfs` or MLNX_OFED's `…/mlx5_num_vfs`
 * @throws HostError SRIOV_UNSUPPORTED (no such file), FILE_ACCESS_FAILED
 */
export async function readVfCount(host: Host, numVfsPath: string): Promise<number> {
  try {
    return Number((await host.readFile(numVfsPath)).trim());
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    const reason = error.errno === "ENOENT" ? "SRIOV_UNSUPPORTED" : "FILE_ACCESS_FAILED";
    throw fileError(error, reason, `VF count can't be read from ${numVfsPath}`);
  }
}

const REASON_OF_VF_ERRNO: Readonly<Record<string, Reason>> = {
  EBUSY: "DEVICE_BUSY",
  EPERM: "DEVICE_BUSY",
  ERANGE: "VF_COUNT_TOO_LARGE",
  ENOENT: "SRIOV_UNSUPPORTED",
};

/**
 * Writes the VF count, once. An equal count changes nothing. The kernel refuses to go from one non-zero
 * count to another: the caller passes through zero.
 *
 * @throws HostError DEVICE_BUSY (EBUSY: another non-zero count; EPERM: VFs are assigned),
 *   VF_COUNT_TOO_LARGE (ERANGE), SRIOV_UNSUPPORTED (ENOENT), VF_CREATION_FAILED (ENOMEM and all others);
 *   CommandError COMMAND_TIMED_OUT (a vDPA device is held open)
 * @see torvalds/linux drivers/pci/iov.c, sriov_numvfs_store
 */
export async function writeVfCount(host: Host, numVfsPath: string, count: number): Promise<void> {
  try {
    await host.writeFile(numVfsPath, String(count), VF_WRITE_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    const reason = REASON_OF_VF_ERRNO[error.errno] ?? "VF_CREATION_FAILED";
    throw fileError(error, reason, `the kernel refused ${count} VFs in ${numVfsPath}`);
  }
}

/** @throws HostError DEVICE_ABSENT */
export async function readPciFunction(host: Host, address: PciAddress): Promise<PciFunction> {
  const folder = `${DEVICES}/${address}`;
  const read = (name: string) => readOptional(host, `${folder}/${name}`);
  const vendorId = await read("vendor");
  if (vendorId === undefined) {
    throw new HostError("DEVICE_ABSENT", `there is no PCI function ${address}`, { path: folder });
  }
  const physfn = await readLinkName(host, `${folder}/physfn`);
  const totalVfs = await read("sriov_totalvfs");
  const iommuGroup = await readLinkName(host, `${folder}/iommu_group`);
  return {
    address,
    vendorId,
    deviceId: (await read("device")) ?? "",
    driver: await readPciDriver(host, address),
    physicalFunction: physfn === undefined ? undefined : parsePciAddress(physfn),
    totalVfs: totalVfs === undefined ? undefined : Number(totalVfs),
    sriov: sriovOf(await read("sriov_offset"), await read("sriov_stride")),
    numaNode: Number((await read("numa_node")) ?? -1),
    pciLink: await readPciLink(host, address),
    iommuGroup: iommuGroup === undefined ? undefined : Number(iommuGroup),
    netdevs: await listOptional(host, `${folder}/net`),
  };
}

/** Link between a function and its slot; undefined where there is no function or no PCIe. */
export async function readPciLink(host: Host, address: PciAddress): Promise<PciLink | undefined> {
  const read = (name: string) => readOptional(host, `${DEVICES}/${address}/${name}`);
  return parsePciLink({
    currentSpeed: await read("current_link_speed"),
    currentWidth: await read("current_link_width"),
    maxSpeed: await read("max_link_speed"),
    maxWidth: await read("max_link_width"),
  });
}

const sriovOf = (offset: string | undefined, stride: string | undefined) =>
  offset === undefined || stride === undefined
    ? undefined
    : { offset: Number(offset), stride: Number(stride) };

/**
 * Addresses of a PF's VFs in index order, by its `virtfnN` links. Never computed: a card's second PF
 * does not begin where the first one ends.
 */
export async function listVfAddresses(host: Host, pf: PciAddress): Promise<readonly PciAddress[]> {
  const names = await listOptional(host, `${DEVICES}/${pf}`);
  const indexes = names
    .map((name) => /^virtfn(\d+)$/.exec(name)?.[1])
    .filter((index) => index !== undefined)
    .map(Number)
    .sort((left, right) => left - right);
  const addresses: PciAddress[] = [];
  for (const index of indexes) {
    const target = await readLinkName(host, `${DEVICES}/${pf}/virtfn${index}`);
    if (target !== undefined) addresses.push(parsePciAddress(target));
  }
  return addresses;
}

/** Driver bound to a function; undefined when it is unbound or absent. */
export const readPciDriver = (host: Host, address: PciAddress): Promise<string | undefined> =>
  readLinkName(host, `${DEVICES}/${address}/driver`);

/**
 * Binds a function to a driver by `driver_override`, which touches this function only; `new_id` would
 * grab every function with the same id. May run twice: a function that has the driver is left alone.
 *
 * @throws HostError DEVICE_ABSENT, MODULE_MISSING (the driver is not loaded), DEVICE_BUSY (another driver
 *   kept it, or the driver refused it); CommandError COMMAND_TIMED_OUT
 * @see torvalds/linux Documentation/ABI/testing/sysfs-bus-pci, driver_override and drivers_probe
 */
export async function bindPciDriver(
  host: Host,
  address: PciAddress,
  driver: string,
): Promise<void> {
  const folder = `${DEVICES}/${address}`;
  if ((await readPciDriver(host, address)) === driver) return;
  if (!(await host.exists(folder))) {
    throw new HostError("DEVICE_ABSENT", `there is no PCI function ${address}`, { path: folder });
  }
  if (!(await host.exists(`/sys/bus/pci/drivers/${driver}`))) {
    throw new HostError("MODULE_MISSING", `PCI driver ${driver} is not loaded`, { needs: driver });
  }
  await writeForBind(host, `${folder}/driver_override`, driver);
  if ((await readPciDriver(host, address)) !== undefined) {
    await writeForBind(host, `${folder}/driver/unbind`, address);
  }
  await writeForBind(host, "/sys/bus/pci/drivers_probe", address);
  const found = await readPciDriver(host, address);
  if (found === driver) return;
  throw new HostError("DEVICE_BUSY", `${address} did not bind to ${driver}`, {
    found: found ?? "no driver",
    needs: driver,
    try: "Read the kernel log of the host",
  });
}

/** Driver that `driver_override` names; undefined where the bus chooses by id. */
export async function readPciDriverOverride(
  host: Host,
  address: PciAddress,
): Promise<string | undefined> {
  const text = await readOptional(host, `${DEVICES}/${address}/driver_override`);
  return text === undefined || text === "" || text === "(null)" ? undefined : text;
}

/**
 * Gives a function back the driver and the override it had before `bindPciDriver`. May run twice; a function
 * that is gone is success.
 *
 * @throws HostError MODULE_MISSING, DEVICE_BUSY; CommandError COMMAND_TIMED_OUT
 */
export async function restorePciDriver(
  host: Host,
  address: PciAddress,
  before: { readonly driver: string; readonly override: string | undefined },
): Promise<void> {
  const folder = `${DEVICES}/${address}`;
  if (!(await host.exists(folder))) return;
  await bindPciDriver(host, address, before.driver);
  if ((await readPciDriverOverride(host, address)) === before.override) return;
  // An empty line clears it; a bound function stays bound.
  await writeForBind(host, `${folder}/driver_override`, `${before.override ?? ""}\n`);
}

/**
 * Other functions in a function's IOMMU group, less PCI bridges, which vfio does not mind.
 *
 * @see torvalds/linux drivers/vfio/group.c, drivers/iommu/iommu.c (ACS decides what is grouped)
 */
export async function listIommuGroupPeers(
  host: Host,
  address: PciAddress,
  group: number,
): Promise<readonly PciAddress[]> {
  const members = await listOptional(host, `/sys/kernel/iommu_groups/${group}/devices`);
  const peers: PciAddress[] = [];
  for (const name of members) {
    if (name === address || !isPciAddress(name)) continue;
    const pciClass = (await readOptional(host, `${DEVICES}/${name}/class`)) ?? "";
    if (!pciClass.startsWith(PCI_BRIDGE_CLASS)) peers.push(name);
  }
  return peers;
}

async function writeForBind(host: Host, path: string, text: string): Promise<void> {
  try {
    await host.writeFile(path, text);
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    throw fileError(error, "DEVICE_BUSY", `the kernel refused "${text}" in ${path}`);
  }
}

/**
 * Ethernet functions bound to `driver` that are no VFs, in address order. Whether they can make VFs
 * says `totalVfs` of `readPciFunction`.
 */
export async function findEthernetPfs(host: Host, driver: string): Promise<readonly PciAddress[]> {
  const found: PciAddress[] = [];
  for (const name of await listOptional(host, DEVICES)) {
    const address = name;
    // Functions behind a VMD controller have domains of five digits; no NIC of ours is among them.
    if (!isPciAddress(address)) continue;
    if ((await readPciDriver(host, address)) !== driver) continue;
    const pciClass = (await readOptional(host, `${DEVICES}/${name}/class`)) ?? "";
    const isVf = (await readLinkName(host, `${DEVICES}/${name}/physfn`)) !== undefined;
    if (pciClass.startsWith(ETHERNET_CLASS) && !isVf) found.push(address);
  }
  return found.sort();
}

/**
 * All network functions, VFs too, with their drivers; also those that no driver is bound to.
 *
 * @param vendorId only those of this vendor
 */
export async function listNetworkFunctions(
  host: Host,
  vendorId?: string,
): Promise<
  readonly {
    readonly pciAddress: PciAddress;
    readonly isVf: boolean;
    readonly driver: string | undefined;
  }[]
> {
  const found = [];
  for (const name of await listOptional(host, DEVICES)) {
    if (!isPciAddress(name)) continue;
    const folder = `${DEVICES}/${name}`;
    const vendor = await readOptional(host, `${folder}/vendor`);
    if (vendorId !== undefined && vendor !== vendorId) continue;
    if (!(await readOptional(host, `${folder}/class`))?.startsWith(NETWORK_CLASS)) continue;
    found.push({
      pciAddress: parsePciAddress(name),
      isVf: await host.exists(`${folder}/physfn`),
      driver: await readLinkName(host, `${folder}/driver`),
    });
  }
  return found;
}
