import { type Host, readPciFunction, readVfCount } from "@switchyard/host";
import {
  HostError,
  type MappedNicProfile,
  type MappedPf,
  type MappedVf,
  type Nic,
  type Pf,
  pfClaimPath,
  type Vf,
} from "@switchyard/model";
import { type DatapathFacts, findLink, findMgmtdev, findVdpa } from "./datapath-facts.ts";
import { readMode } from "./eswitch.ts";
import { readGroupPeers } from "./iommu-group.ts";
import type { Sections } from "./sections.ts";

interface MappedReader {
  readonly host: Host;
  readonly facts: DatapathFacts;
  readonly sections: Sections;
}

/** A NIC as its file describes it, in the state that the host is in. */
export async function readMappedNic(reader: MappedReader, profile: MappedNicProfile): Promise<Nic> {
  const pfs: Pf[] = [];
  for (const pf of profile.pfs) {
    const read = await reader.sections.read<Pf | undefined>({
      name: `PF ${pf.pciAddress} of NIC profile ${profile.name}`,
      severity: "error",
      fallback: undefined,
      read: () => readPf(reader, pf),
    });
    if (read !== undefined) pfs.push(read);
  }
  return {
    nicProfile: "mapped",
    model: profile.model,
    serial: profile.serial,
    driver: profile.driver,
    psid: undefined,
    firmware: undefined,
    vdpaModules: profile.modules,
    vfioDrivers: reader.facts.vfioDrivers?.filter((driver) => driver === "vfio-pci"),
    pfs,
  };
}

async function readPf(reader: MappedReader, pf: MappedPf): Promise<Pf> {
  const { host, facts, sections } = reader;
  const link = findLink(facts, pf.netdev);
  if (link === undefined) {
    throw new HostError("DEVICE_ABSENT", `there is no netdev ${pf.netdev}`, { needs: pf.netdev });
  }
  const pciFunction = await readPciFunction(host, pf.pciAddress);
  const eswitchMode = await readMode(host, sections, pf.devlinkHandle);
  const vfCount = await readVfCount(host, pf.numVfsPath);
  const hasRepresentors = eswitchMode === "switchdev";
  const vfs: Vf[] = [];
  for (const vf of pf.vfs.slice(0, vfCount)) {
    vfs.push(await readVf(reader, vf, { pf, hasRepresentors }));
  }
  return {
    pciAddress: pf.pciAddress,
    link,
    devlinkHandle: pf.devlinkHandle,
    numVfsPath: pf.numVfsPath,
    eswitchMode,
    totalVfs: pf.totalVfs,
    vfCount,
    sriov: undefined,
    fixedVfAddresses: pf.vfs.map(({ pciAddress }) => pciAddress),
    fixedVfMacs: pf.vfs.flatMap(({ index, fixedMac }) =>
      fixedMac === undefined ? [] : [{ index, mac: fixedMac }],
    ),
    ...(pf.vfs[0] !== undefined && { fixedVdpaDriver: pf.vfs[0].driver }),
    numaNode: pciFunction.numaNode,
    pciLink: pciFunction.pciLink,
    carriesManagement: facts.managementNetdevs.has(link.netdev),
    isClaimed: await host.exists(pfClaimPath(pf.pciAddress)),
    vfs,
  };
}

/**
 * The function and the representor are always there; they count as VF and representor once the eswitch says
 * that it has them, as on a card that makes them.
 */
async function readVf(
  reader: MappedReader,
  vf: MappedVf,
  port: { readonly pf: MappedPf; readonly hasRepresentors: boolean },
): Promise<Vf> {
  const { host, facts } = reader;
  const pfLink = facts.links.find(({ netdev }) => netdev === port.pf.netdev);
  const pciFunction = await readPciFunction(host, vf.pciAddress);
  return {
    index: vf.index,
    pciAddress: vf.pciAddress,
    driver: pciFunction.driver,
    vdpaDriver: vf.driver,
    netdev: pciFunction.netdevs[0],
    mgmtdev: findMgmtdev(facts, vf.mgmtdev),
    vdpa: findVdpa(facts, vf.mgmtdev),
    representor: port.hasRepresentors ? findLink(facts, vf.representor) : undefined,
    adminMac: pfLink?.vfAdminMacs.get(vf.index),
    fixedMac: vf.fixedMac,
    iommuGroup: pciFunction.iommuGroup,
    iommuGroupPeers: await readGroupPeers(host, pciFunction),
  };
}
