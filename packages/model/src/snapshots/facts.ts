import type { EswitchMode } from "../inventory/inventory.ts";

/**
 * What a snapshot holds of a host: areas, in an area items by key, in an item flat fields. Lists are sorted
 * where their order means nothing. A field that is not there is not set on the host.
 */
export interface SnapshotItems {
  /** One item, `kernel`. */
  readonly system: {
    readonly release: string;
    /** `/proc/cmdline`, by spaces. */
    readonly arguments: readonly string[];
  };
  /** Loaded modules by name. */
  readonly modules: { readonly isLoaded: true };
  /** Network functions by PCI address, from sysfs. */
  readonly functions: {
    readonly vendorId: string;
    readonly deviceId: string;
    readonly driver?: string;
    readonly driverOverride?: string;
    /** Of a VF: its PF. */
    readonly pf?: string;
    readonly vfIndex?: number;
    readonly totalVfs?: number;
    readonly vfCount?: number;
    readonly numaNode: number;
    readonly iommuGroup?: number;
    readonly netdevs: readonly string[];
  };
  /** Devlink devices that have ports, by handle. */
  readonly eswitches: { readonly mode: EswitchMode };
  /** By `HANDLE/INDEX`. */
  readonly devlinkPorts: {
    readonly flavour: string;
    readonly netdev?: string;
    readonly pfNumber?: number;
    readonly vfNumber?: number;
  };
  /** Cards by devlink handle of each port: `devlink dev info`. */
  readonly firmware: {
    readonly driver: string;
    readonly psid?: string;
    readonly serial?: string;
    readonly running?: string;
    readonly stored?: string;
  };
  /** By handle. */
  readonly mgmtdevs: {
    readonly maxVqp: number;
    readonly canSetMac: boolean;
    readonly canSetMaxVqp: boolean;
  };
  /** By name. */
  readonly vdpaDevices: {
    readonly mgmtdev: string;
    readonly mac?: string;
    readonly maxVqs: number;
    readonly maxVqp?: number;
    readonly vhostPath?: string;
  };
  /** By netdev. */
  readonly links: {
    readonly mac: string;
    readonly isUp: boolean;
    readonly hasCarrier: boolean;
    readonly mtu: number;
    readonly addresses: readonly string[];
    readonly switchId?: string;
    readonly portName?: string;
    readonly master?: string;
    readonly bondMode?: string;
    readonly alias?: string;
    /** `INDEX MAC` of each VF whose MAC was set through this PF. */
    readonly vfAdminMacs?: readonly string[];
  };
  /** One item, `ovs`; none where it is not installed. */
  readonly ovs: {
    readonly version: string;
    readonly daemonVersion?: string;
    readonly isRunning: boolean;
    readonly isRestartPending: boolean;
    /** `KEY=VALUE` of table Open_vSwitch. */
    readonly otherConfig: readonly string[];
  };
  /** By name. */
  readonly bridges: { readonly isOurs: boolean };
  /** By `BRIDGE/PORT`; whether a port carries is its link's. */
  readonly bridgePorts: { readonly ofport?: number; readonly error?: string };
  /** Libvirt's domains by name; none where libvirt is not installed. */
  readonly domains: { readonly state: string };
}

export type SnapshotArea = keyof SnapshotItems;

export type SnapshotValue = string | number | boolean | readonly string[];
/** An item whose area was forgotten. */
export type SnapshotFields = Readonly<Record<string, SnapshotValue | undefined>>;

/** Items of the areas that could be read. */
export type SnapshotFacts = {
  readonly [Area in SnapshotArea]?: Readonly<Record<string, SnapshotItems[Area]>>;
};

/** All areas, in the order in which people read them. */
export const SNAPSHOT_AREAS = [
  "system",
  "modules",
  "functions",
  "firmware",
  "eswitches",
  "devlinkPorts",
  "mgmtdevs",
  "vdpaDevices",
  "links",
  "ovs",
  "bridges",
  "bridgePorts",
  "domains",
] as const satisfies readonly SnapshotArea[];

/** Items of an area, their kind forgotten; undefined where the area was not read. */
export const itemsOf = (
  facts: SnapshotFacts,
  area: SnapshotArea,
): Readonly<Record<string, SnapshotFields>> | undefined => facts[area];
