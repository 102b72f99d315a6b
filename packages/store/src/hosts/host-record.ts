import type {
  Cordon,
  DatapathMode,
  Drift,
  ExperimentId,
  ExperimentMode,
  Fence,
  HostDesired,
  HostId,
  HostKind,
  Inventory,
  InventoryDelta,
  Ipv4Range,
  LabelSelector,
  MacAddress,
  PciAddress,
  ProfileId,
  VmId,
} from "@switchyard/model";

/**
 * ```
 * enrolled --> ready <--> suspect --> lost
 *                ^---------------------'
 * ```
 * enrolled -> ready: the first inventory. ready -> suspect: heartbeats stay away. suspect -> lost: the lease
 * is over. Any heartbeat makes a suspect or lost host ready again.
 */
export type HostState = "enrolled" | "ready" | "suspect" | "lost";

/** What VMs took of a host. */
export interface HostUse {
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  readonly slotCount: number;
}

/** One host as the controllers know it: identity, desired generation, last observation. */
export interface HostRecord {
  readonly id: HostId;
  /** UUID; another one after the name was given up and taken again. */
  readonly uid: string;
  readonly etag: string;
  readonly labels: LabelSelector;
  /** Undefined before the first inventory. */
  readonly kind: HostKind | undefined;
  readonly state: HostState;
  /** Raised by every enrolment; everything older is refused. */
  readonly hostEpoch: number;
  readonly nkeyPublic: string;
  readonly shard: number;
  readonly createdAtMs: number;
  readonly agentVersion: string;
  /** Generation of the newest desired state made for the host. */
  readonly desiredGeneration: number;
  /** Generation a job brought the host to; 0 before the first. */
  readonly appliedGeneration: number;
  /** Undefined for a bare host. */
  readonly appliedProfile: ProfileId | undefined;
  /** What the last applied plan was to make of it; undefined for a bare host. */
  readonly appliedDesired: HostDesired | undefined;
  /** Boot in which it was last seen as it was applied; what a later one lacks, the boot took away. */
  readonly bootInForce: string | undefined;
  /** Where it has left that since; empty while nobody knows of any. */
  readonly drift: readonly Drift[];
  /** Overrides the mode of the host's profile; undefined where the profile's counts. */
  readonly datapathMode: DatapathMode | undefined;
  /** Why it takes no new VMs; undefined where it does. */
  readonly cordon: Cordon | undefined;
  /** How it is known to run nothing; undefined where it is not known, or was and it is at work again. */
  readonly fence: Fence | undefined;
  /** The experiment that has it for itself; undefined where none has. */
  readonly lease: HostLease | undefined;
  readonly inventory: Inventory | undefined;
  /** The same for every look that saw the same; undefined before the first of this release. */
  readonly inventoryDigest: string | undefined;
  /** Agent process that observed the inventory, and the version within it; 0 before the first. */
  readonly inventorySession: string | undefined;
  readonly inventoryVersion: number;
  readonly allocated: HostUse;
  /**
   * As of the read. In a change it is as of the change: heartbeats alone make no change, so a watcher
   * sees an older time.
   */
  readonly lastSeenAtMs: number | undefined;
}

/** An experiment's hold on a host. */
export interface HostLease {
  readonly experiment: ExperimentId;
  /** The mode that it wants the host in, instead of the host's own; undefined: the host's own. */
  readonly mode: ExperimentMode | undefined;
}

/** A VF with the MAC reserved for it or its vDPA device, and the VM that holds it. */
export interface SlotRecord {
  readonly host: HostId;
  readonly pf: PciAddress;
  readonly vfIndex: number;
  readonly mac: MacAddress;
  readonly vm: VmId | undefined;
}

export interface EnrollmentTokenDraft {
  readonly host: HostId;
  /** SHA-256 of the token, lower-case hex; the token itself is never stored. */
  readonly hash: string;
  readonly ttlMs: number;
  readonly labels: LabelSelector;
  readonly allowReenroll: boolean;
}

export interface EnrollmentDraft {
  readonly host: HostId;
  readonly tokenHash: string;
  readonly nkeyPublic: string;
  readonly agentVersion: string;
  readonly shard: number;
}

export interface InventoryUpdate {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly session: string;
  readonly sessionStartAtMs: number;
  readonly version: number;
  /** Undefined where there is a delta. */
  readonly inventory?: Inventory;
  readonly delta?: InventoryDelta;
}

export type InventoryOutcome =
  | { readonly kind: "applied"; readonly host: HostRecord }
  /** The host was looked at again, and is as it was. */
  | { readonly kind: "unchanged" }
  /** The delta is of an inventory that is not there: only a whole one helps. */
  | { readonly kind: "needs-whole" }
  /** Seen before, of an older session or enrolment, or of a host that is not enrolled. */
  | { readonly kind: "ignored"; readonly why: "stale" | "wrong-epoch" | "unknown-host" };

export interface SlotReservation {
  readonly host: HostId;
  readonly pf: PciAddress;
  readonly slots: readonly {
    readonly vfIndex: number;
    /** MAC that hardware fixes; undefined where one may be chosen. */
    readonly fixedMac: MacAddress | undefined;
    /** MAC to take if it is free in the fleet. */
    readonly preferredMac?: MacAddress | undefined;
  }[];
  /** Proposes MACs; asked again while what it proposed is taken, a bounded number of times. */
  readonly proposeMac: () => MacAddress;
}

export interface BridgeAddressReservation {
  readonly host: HostId;
  readonly bridge: string;
  readonly range: Ipv4Range;
}
