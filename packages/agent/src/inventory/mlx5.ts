import {
  type DevlinkInfo,
  findEthernetPfs,
  type Host,
  listVfAddresses,
  type PciFunction,
  readDevlinkInfo,
  readKernelRelease,
  readPciFunction,
  readVfCount,
} from "@switchyard/host";
import {
  type Nic,
  type PciAddress,
  type Pf,
  pfClaimPath,
  REASONS,
  type Vf,
} from "@switchyard/model";
import { type DatapathFacts, findLink, findMgmtdev, findVdpa } from "./datapath-facts.ts";
import { readDriverInfo } from "./driver.ts";
import { readMode } from "./eswitch.ts";
import { type FirmwareReader, readFirmwareFacts } from "./firmware.ts";
import { readGroupPeers } from "./iommu-group.ts";

const DRIVER = "mlx5_core";
/** PCI vendor id of Mellanox. */
const VENDOR_ID = "0x15b3";
/** In load order; `vdpa` itself comes with either. */
const VDPA_MODULES = ["mlx5_vdpa", "vhost_vdpa"];

/** @see pci.ids, vendor 15b3 */
const MODEL_OF_DEVICE: Readonly<Record<string, string>> = {
  "0x1017": "ConnectX-5",
  "0x1019": "ConnectX-5 Ex",
  "0x101b": "ConnectX-6",
  "0x101d": "ConnectX-6 Dx",
  "0x101f": "ConnectX-6 Lx",
  "0x1021": "ConnectX-7",
  "0xa2d6": "BlueField-2",
  "0xa2dc": "BlueField-3",
};

interface Mlx5Reader extends FirmwareReader {
  readonly facts: DatapathFacts;
}

/** NICs driven by mlx5_core, found by themselves in sysfs; the PFs of one card make one NIC. */
export async function readMlx5Nics(reader: Mlx5Reader): Promise<readonly Nic[]> {
  const cards = new Map<string, PciFunction[]>();
  for (const pf of await findPfs(reader)) {
    const slot = pf.address.split(".")[0] ?? "";
    cards.set(slot, [...(cards.get(slot) ?? []), pf]);
  }
  const nics: Nic[] = [];
  for (const pfs of cards.values()) nics.push(await readNic(reader, pfs));
  return nics;
}

async function findPfs({ host, sections }: Mlx5Reader): Promise<readonly PciFunction[]> {
  const pfs: PciFunction[] = [];
  for (const address of await findEthernetPfs(host, DRIVER)) {
    const pf = await readPciFunction(host, address);
    if (pf.vendorId !== VENDOR_ID) continue;
    if (pf.totalVfs === undefined) sections.add(noSriovFinding(address));
    // A known card without the capability has it switched off, which its firmware's configuration can mend.
    if (pf.totalVfs !== undefined || MODEL_OF_DEVICE[pf.deviceId] !== undefined) pfs.push(pf);
  }
  return pfs;
}

const noSriovFinding = (address: PciAddress) => ({
  reason: "SRIOV_UNSUPPORTED" as const,
  severity: "warning" as const,
  message: `${address} has no SR-IOV capability`,
  found: "no sriov_totalvfs",
  needs: "SR-IOV enabled in BIOS and firmware",
  fix: REASONS.SRIOV_UNSUPPORTED.fix,
});

async function readNic(reader: Mlx5Reader, functions: readonly PciFunction[]): Promise<Nic> {
  const [first] = functions as [PciFunction, ...PciFunction[]]; // a card is made of the PFs found
  const info = await reader.sections.read<DevlinkInfo | undefined>({
    name: `Firmware of ${first.address}`,
    severity: "warning",
    fallback: undefined,
    read: () => readDevlinkInfo(reader.host, handleOf(first.address)),
  });
  const pfs: Pf[] = [];
  for (const pf of functions) {
    const read = await reader.sections.read<Pf | undefined>({
      name: `PF ${pf.address}`,
      severity: "error",
      fallback: undefined,
      read: () => readPf(reader, pf),
    });
    if (read !== undefined) pfs.push(read);
  }
  const firmwareFacts = await reader.sections.read({
    name: `Firmware configuration of ${first.address}`,
    severity: "warning",
    fallback: undefined,
    read: () => readFirmwareFacts(reader, { pfs: functions.map(({ address }) => address), info }),
  });
  const driverInfo = await reader.sections.read({
    name: `The driver of ${first.address}`,
    severity: "warning",
    fallback: undefined,
    read: async () =>
      readDriverInfo({
        host: reader.host,
        cache: reader.cache,
        module: DRIVER,
        runningKernel: await readKernelRelease(reader.host),
      }),
  });
  return {
    nicProfile: "mlx5",
    model: MODEL_OF_DEVICE[first.deviceId] ?? `Mellanox ${first.deviceId}`,
    serial: info?.serial ?? "unknown",
    driver: DRIVER,
    psid: info?.psid,
    firmware: firmwareOf(info),
    vdpaModules: VDPA_MODULES,
    vfioDrivers: reader.facts.vfioDrivers,
    pfs,
    ...(firmwareFacts !== undefined && { firmwareFacts }),
    ...(driverInfo !== undefined && { driverInfo }),
  };
}

const firmwareOf = (info: DevlinkInfo | undefined) =>
  info?.running === undefined
    ? undefined
    : { running: info.running, stored: info.stored ?? info.running };

const handleOf = (address: PciAddress): string => `pci/${address}`;

async function readPf(reader: Mlx5Reader, pf: PciFunction): Promise<Pf | undefined> {
  const { host, facts, sections } = reader;
  const link = findLink(facts, findPfNetdev(facts, pf));
  if (link === undefined) {
    sections.add(noNetdevFinding(pf.address));
    return undefined;
  }
  const devlinkHandle = handleOf(pf.address);
  const numVfsPath = await findNumVfsPath(host, pf.address);
  return {
    pciAddress: pf.address,
    link,
    devlinkHandle,
    numVfsPath,
    eswitchMode: await readMode(host, sections, devlinkHandle),
    totalVfs: pf.totalVfs ?? 0,
    vfCount: pf.totalVfs === undefined ? 0 : await readVfCount(host, numVfsPath),
    sriov: pf.sriov,
    fixedVfAddresses: [],
    numaNode: pf.numaNode,
    pciLink: pf.pciLink,
    carriesManagement: facts.managementNetdevs.has(link.netdev),
    isClaimed: await host.exists(pfClaimPath(pf.address)),
    vfs: await readVfs(reader, pf, link.netdev),
  };
}

const noNetdevFinding = (address: PciAddress) => ({
  reason: "DEVICE_ABSENT" as const,
  severity: "warning" as const,
  message: `PF ${address} has no netdev`,
  found: "no Ethernet netdev of the PF",
  needs: "link type Ethernet",
  fix: "Set the port's link type to Ethernet in firmware",
});

/**
 * In switchdev mode the representors are netdevs of the PF's PCI function too, so "the only netdev of the
 * PF" is no answer; the physical port is.
 */
function findPfNetdev(facts: DatapathFacts, pf: PciFunction): string | undefined {
  const port = facts.ports.find(
    ({ handle, flavour }) => handle === handleOf(pf.address) && flavour === "physical",
  );
  if (port?.netdev !== undefined) return port.netdev;
  const own = facts.links.filter(({ netdev }) => pf.netdevs.includes(netdev));
  const isUplink = (name: string | undefined) => name === undefined || /^p\d+$/.test(name);
  return own.find(({ portName }) => isUplink(portName))?.netdev;
}

/** MLNX_OFED's driver has a file of its own, used where the kernel's is missing. */
async function findNumVfsPath(host: Host, address: PciAddress): Promise<string> {
  const folder = `/sys/bus/pci/devices/${address}`;
  const vendorPath = `${folder}/mlx5_num_vfs`;
  const kernelPath = `${folder}/sriov_numvfs`;
  const isVendorOnly = !(await host.exists(kernelPath)) && (await host.exists(vendorPath));
  return isVendorOnly ? vendorPath : kernelPath;
}

async function readVfs(
  reader: Mlx5Reader,
  pf: PciFunction,
  pfNetdev: string,
): Promise<readonly Vf[]> {
  const { host, facts } = reader;
  const pfLink = facts.links.find(({ netdev }) => netdev === pfNetdev);
  const vfs: Vf[] = [];
  for (const [index, address] of (await listVfAddresses(host, pf.address)).entries()) {
    const vf = await readPciFunction(host, address);
    const handle = handleOf(address);
    vfs.push({
      index,
      pciAddress: address,
      driver: vf.driver,
      vdpaDriver: DRIVER,
      netdev: vf.netdevs[0],
      mgmtdev: findMgmtdev(facts, handle),
      vdpa: findVdpa(facts, handle),
      representor: findLink(facts, findRepresentor(facts, { pf, pfNetdev, index })),
      adminMac: pfLink?.vfAdminMacs.get(index),
      fixedMac: undefined,
      iommuGroup: vf.iommuGroup,
      iommuGroupPeers: await readGroupPeers(host, vf),
    });
  }
  return vfs;
}

/** By devlink port; where the port does not name its netdev, by switch id and `pfXvfY`. */
function findRepresentor(
  facts: DatapathFacts,
  vf: { readonly pf: PciFunction; readonly pfNetdev: string; readonly index: number },
): string | undefined {
  const port = facts.ports.find(
    (candidate) =>
      candidate.handle === handleOf(vf.pf.address) &&
      candidate.flavour === "pcivf" &&
      candidate.vfNumber === vf.index,
  );
  if (port?.netdev !== undefined) return port.netdev;
  const switchId = facts.links.find(({ netdev }) => netdev === vf.pfNetdev)?.switchId;
  const pfNumber = vf.pf.address.split(".")[1];
  return facts.links.find(
    (link) =>
      switchId !== undefined &&
      link.switchId === switchId &&
      link.portName === `pf${pfNumber}vf${vf.index}`,
  )?.netdev;
}
