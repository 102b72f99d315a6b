import {
  HostError,
  type SnapshotArea,
  type SnapshotFacts,
  type SnapshotItems,
} from "@switchyard/model";
import type { Host } from "../port/host.ts";
import { listDevlinkPorts, readDevlinkInfo, readEswitchMode } from "../tools/devlink/devlink.ts";
import type { DevlinkPort } from "../tools/devlink/parse.ts";
import { listLinks } from "../tools/iproute/iproute.ts";
import type { LinkDetail } from "../tools/iproute/parse.ts";
import { listDomains } from "../tools/libvirt/domains.ts";
import { listLoadedModules } from "../tools/modules/modules.ts";
import { type OvsDatabase, readOvsDatabase, readOvsVersion } from "../tools/ovs/ovs.ts";
import { readKernelRelease } from "../tools/procfs/procfs.ts";
import { listMgmtdevs, listVdpaDevices } from "../tools/vdpa/vdpa.ts";
import { readFunctions } from "./read-functions.ts";
import { withoutUnset } from "./without-unset.ts";

/** Reads some areas together, because they come from one look. */
export interface AreaReader {
  readonly areas: readonly SnapshotArea[];
  /** @throws SwitchyardError, HostFileError: these areas, and no others, are then unknown */
  readonly read: (host: Host) => Promise<SnapshotFacts>;
}

const keyed = <Item, Fields>(
  items: readonly Item[],
  entry: (item: Item) => readonly [string, Fields],
): Readonly<Record<string, Fields>> => Object.fromEntries(items.map(entry));

async function readSystem(host: Host): Promise<SnapshotFacts> {
  const commandLine = (await host.readFile("/proc/cmdline")).trim();
  return {
    system: {
      kernel: { release: await readKernelRelease(host), arguments: commandLine.split(/\s+/) },
    },
  };
}

const readModules = async (host: Host): Promise<SnapshotFacts> => ({
  modules: keyed(await listLoadedModules(host), (name) => [name, { isLoaded: true }]),
});

/** A port's own eswitch; devices that only have ports of others', and VFs, have none. */
async function readEswitches(
  host: Host,
  ports: readonly DevlinkPort[],
): Promise<SnapshotFacts["eswitches"]> {
  const eswitches: Record<string, SnapshotItems["eswitches"]> = {};
  for (const handle of handlesOf(ports)) {
    try {
      eswitches[handle] = { mode: await readEswitchMode(host, handle) };
    } catch (error) {
      if (!(error instanceof HostError && error.reason === "ESWITCH_UNSUPPORTED")) throw error;
    }
  }
  return eswitches;
}

const handlesOf = (ports: readonly DevlinkPort[]): readonly string[] => [
  ...new Set(ports.filter(({ flavour }) => flavour === "physical").map(({ handle }) => handle)),
];

async function readDevlink(host: Host): Promise<SnapshotFacts> {
  const ports = await listDevlinkPorts(host);
  const devlinkPorts = keyed(ports, ({ handle, index, flavour, netdev, pfNumber, vfNumber }) => [
    `${handle}/${index}`,
    withoutUnset({ flavour, netdev, pfNumber, vfNumber }),
  ]);
  return { devlinkPorts, eswitches: (await readEswitches(host, ports)) ?? {} };
}

async function readFirmware(host: Host): Promise<SnapshotFacts> {
  const firmware: Record<string, SnapshotItems["firmware"]> = {};
  for (const handle of handlesOf(await listDevlinkPorts(host))) {
    firmware[handle] = withoutUnset(await readDevlinkInfo(host, handle));
  }
  return { firmware };
}

const readMgmtdevs = async (host: Host): Promise<SnapshotFacts> => ({
  mgmtdevs: keyed(await listMgmtdevs(host), ({ handle, maxVqp, canSetMac, canSetMaxVqp }) => [
    handle,
    { maxVqp, canSetMac, canSetMaxVqp },
  ]),
});

const readVdpaDevices = async (host: Host): Promise<SnapshotFacts> => ({
  vdpaDevices: keyed(await listVdpaDevices(host), (device) => {
    const { name, mgmtdevHandle: mgmtdev, mac, maxVqs, maxVqp, vhostPath } = device;
    return [name, withoutUnset({ mgmtdev, mac, maxVqs, maxVqp, vhostPath })];
  }),
});

function linkFields(link: LinkDetail): SnapshotItems["links"] {
  const { mac, isUp, hasCarrier, mtu, switchId, portName, master, bondMode, alias } = link;
  const adminMacs = [...link.vfAdminMacs]
    .sort(([left], [right]) => left - right)
    .map(([index, vfMac]) => `${index} ${vfMac}`);
  return {
    ...{ mac, isUp, hasCarrier, mtu },
    addresses: link.addresses.toSorted(),
    ...withoutUnset({ switchId, portName, master, bondMode, alias }),
    ...(adminMacs.length > 0 && { vfAdminMacs: adminMacs }),
  };
}

const readLinks = async (host: Host): Promise<SnapshotFacts> => ({
  links: keyed(await listLinks(host), (link) => [link.netdev, linkFields(link)]),
});

const STOPPED: OvsDatabase = {
  isRunning: false,
  hwOffload: false,
  isRestartPending: false,
  otherConfig: [],
  bridges: [],
};

async function readSwitch(host: Host): Promise<SnapshotFacts> {
  const version = await readOvsVersion(host);
  if (version === undefined) return { ovs: {}, bridges: {}, bridgePorts: {} };
  const database = (await readOvsDatabase(host)) ?? STOPPED;
  const { daemonVersion, isRunning, isRestartPending, bridges, otherConfig } = database;
  const ports = bridges.flatMap((bridge) =>
    bridge.ports.map((port) => ({ ...port, key: `${bridge.name}/${port.name}` })),
  );
  return {
    ovs: {
      ovs: {
        version,
        ...withoutUnset({ daemonVersion }),
        isRunning,
        isRestartPending,
        otherConfig,
      },
    },
    bridges: keyed(bridges, ({ name, isOurs }) => [name, { isOurs }]),
    bridgePorts: keyed(ports, ({ key, ofport, error }) => [key, withoutUnset({ ofport, error })]),
  };
}

const readDomains = async (host: Host): Promise<SnapshotFacts> => ({
  domains: keyed((await listDomains(host)) ?? [], ({ name, state }) => [name, { state }]),
});

/** Every area has one reader. Costly ones last: time may run out. */
export const AREA_READERS: readonly AreaReader[] = [
  { areas: ["system"], read: readSystem },
  { areas: ["modules"], read: readModules },
  { areas: ["links"], read: readLinks },
  { areas: ["eswitches", "devlinkPorts"], read: readDevlink },
  { areas: ["ovs", "bridges", "bridgePorts"], read: readSwitch },
  { areas: ["mgmtdevs"], read: readMgmtdevs },
  { areas: ["vdpaDevices"], read: readVdpaDevices },
  { areas: ["firmware"], read: readFirmware },
  { areas: ["functions"], read: readFunctions },
  { areas: ["domains"], read: readDomains },
];
