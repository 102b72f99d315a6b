import {
  type DevlinkPort,
  type Host,
  hasModule,
  type LinkDetail,
  listDevlinkPorts,
  listLinks,
  listMgmtdevs,
  listVdpaDevices,
  readOvs,
} from "@switchyard/host";
import type { Mgmtdev, Ovs, VdpaDevice, VfioDriver } from "@switchyard/model";
import { findManagementNetdevs } from "./management.ts";
import type { Sections } from "./sections.ts";

/** The devices of all NICs: read once, whatever the number of NICs. */
export interface DeviceFacts {
  readonly links: readonly LinkDetail[];
  readonly ports: readonly DevlinkPort[];
  readonly mgmtdevs: readonly Mgmtdev[];
  readonly vdpaDevices: readonly VdpaDevice[];
}

/** What the NIC profiles share: read once per inventory. */
export interface DatapathFacts extends DeviceFacts {
  readonly ovs: Ovs | undefined;
  readonly managementNetdevs: ReadonlySet<string>;
  /** Drivers of this kernel that hold VFs for VMs; undefined when that can't be told. */
  readonly vfioDrivers: readonly VfioDriver[] | undefined;
}

export async function readDeviceFacts(host: Host, sections: Sections): Promise<DeviceFacts> {
  const list = <Item>(name: string, read: () => Promise<readonly Item[]>) =>
    sections.read<readonly Item[]>({ name, severity: "error", fallback: [], read });
  return {
    links: await list("Links", () => listLinks(host)),
    ports: await list("Devlink ports", () => listDevlinkPorts(host)),
    mgmtdevs: await list("vDPA management devices", () => listMgmtdevs(host)),
    vdpaDevices: await list("vDPA devices", () => listVdpaDevices(host)),
  };
}

export async function readDatapathFacts(
  host: Host,
  sections: Sections,
  peerAddresses: readonly string[],
): Promise<DatapathFacts> {
  const devices = await readDeviceFacts(host, sections);
  const { links } = devices;
  const ovs = await sections.read<Ovs | undefined>({
    name: "Open vSwitch",
    severity: "error",
    fallback: undefined,
    read: () => readOvs(host, links),
  });
  return {
    ...devices,
    ovs,
    vfioDrivers: await sections.read<readonly VfioDriver[] | undefined>({
      name: "vfio drivers",
      severity: "warning",
      fallback: undefined,
      read: () => readVfioDrivers(host),
    }),
    managementNetdevs: await sections.read<ReadonlySet<string>>({
      name: "The management path",
      severity: "error",
      // Not known which port it is: none may be touched.
      fallback: new Set(links.map(({ netdev }) => netdev)),
      read: () => findManagementNetdevs({ host, links, ovs, peerAddresses }),
    }),
  };
}

/** Best first. */
const VFIO_DRIVERS: readonly VfioDriver[] = ["mlx5_vfio_pci", "vfio-pci"];

async function readVfioDrivers(host: Host): Promise<readonly VfioDriver[]> {
  const found: VfioDriver[] = [];
  for (const driver of VFIO_DRIVERS) if (await hasModule(host, driver)) found.push(driver);
  return found;
}

/** The plain link of a netdev, without what only the profiles need. */
export function findLink(facts: DatapathFacts, netdev: string | undefined) {
  const detail = facts.links.find((link) => link.netdev === netdev);
  if (detail === undefined) return undefined;
  const { mac, isUp, hasCarrier, mtu, addresses } = detail;
  return { netdev: detail.netdev, mac, isUp, hasCarrier, mtu, addresses };
}

export const findMgmtdev = (facts: DatapathFacts, handle: string): Mgmtdev | undefined =>
  facts.mgmtdevs.find((mgmtdev) => mgmtdev.handle === handle);

export const findVdpa = (facts: DatapathFacts, handle: string): VdpaDevice | undefined =>
  facts.vdpaDevices.find((device) => device.mgmtdevHandle === handle);
