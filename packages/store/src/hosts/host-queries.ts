import type {
  Cordon,
  DatapathMode,
  DesiredSlot,
  Drift,
  Fence,
  HostDesired,
  HostId,
  Ipv4Cidr,
  LabelSelector,
  PciAddress,
  ProfileId,
} from "@switchyard/model";
import type { FleetHost } from "../fleet/fleet-store.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import type { Page, PageRequest } from "../page.ts";
import type {
  BridgeAddressReservation,
  EnrollmentDraft,
  EnrollmentTokenDraft,
  HostRecord,
  SlotRecord,
  SlotReservation,
} from "./host-record.ts";

export interface HostReads {
  /** @throws StoreError HOST_NOT_FOUND */
  get(id: HostId): Promise<HostRecord>;
  find(id: HostId): Promise<HostRecord | undefined>;
  /** When the host was looked at last; undefined before. @throws StoreError HOST_NOT_FOUND */
  findObservedAtMs(id: HostId): Promise<number | undefined>;
  /** Of several; those that are not there, or were never looked at, are left out. */
  listObservedAtMs(ids: readonly HostId[]): Promise<ReadonlyMap<HostId, number>>;
  /** All hosts with what tells their inventories apart, ascending by name. */
  listDigests(): Promise<readonly Pick<HostRecord, "id" | "state" | "inventoryDigest">[]>;
  /** Those that are there, ascending by name. */
  listNamed(ids: readonly HostId[]): Promise<readonly HostRecord[]>;
  /** Ascending by name. An empty selector lists all hosts. */
  list(page: PageRequest & { readonly selector?: LabelSelector }): Promise<Page<HostRecord>>;
  /** Hosts that carry all labels, without their inventories; an empty selector matches none. */
  listMatching(selector: LabelSelector): Promise<readonly HostId[]>;
  /** All enrolled hosts with their keys: what the broker's configuration is made from. */
  listCredentials(): Promise<
    readonly Pick<HostRecord, "id" | "nkeyPublic" | "hostEpoch" | "shard">[]
  >;
  listSlots(id: HostId): Promise<readonly SlotRecord[]>;
  /** Every host with everything that placement looks at. */
  listCandidates(): Promise<readonly FleetHost[]>;
}

export interface HostWrites {
  /** @throws StoreError NAME_TAKEN where the host is enrolled and re-enrolment was not allowed */
  createEnrollmentToken(draft: EnrollmentTokenDraft): Promise<{ readonly expireAtMs: number }>;
  /**
   * Burns the token and raises the host's epoch. Again with the same token and key, before it expires:
   * the same answer, so that an agent that lost it can ask once more. Jobs the older enrolment had
   * accepted end as needs-operator (their ledger may be gone); those still pending go to the new one.
   *
   * @throws StoreError TOKEN_INVALID, NAME_TAKEN
   */
  enroll(draft: EnrollmentDraft): Promise<{
    readonly host: HostRecord;
    readonly fenced: readonly JobRecord[];
  }>;
  /** @throws StoreError HOST_NOT_FOUND, ETAG_STALE; an empty etag is not compared */
  updateLabels(change: {
    readonly id: HostId;
    readonly etag: string;
    readonly labels: LabelSelector;
  }): Promise<HostRecord>;
  /**
   * Overrides the mode of the host's profile, or no longer does (undefined). Raises the desired generation, so
   * that plans made before are stale.
   *
   * @throws StoreError HOST_NOT_FOUND, ETAG_STALE; an empty etag is not compared
   */
  setDatapathMode(change: {
    readonly id: HostId;
    readonly etag: string;
    readonly mode: DatapathMode | undefined;
  }): Promise<HostRecord>;
  /**
   * The host takes no new VMs, or does again (undefined). The first cordon stays when it is asked for twice.
   *
   * @throws StoreError HOST_NOT_FOUND
   */
  setCordon(id: HostId, cordon: Omit<Cordon, "actor" | "atMs"> | undefined): Promise<HostRecord>;
  /** @throws StoreError HOST_NOT_FOUND */
  setFence(id: HostId, fence: Fence | undefined): Promise<HostRecord>;
  /** The host as it is, kept from others until the transaction ends. @throws StoreError HOST_NOT_FOUND */
  lock(id: HostId): Promise<HostRecord>;
  /** @throws StoreError HOST_NOT_FOUND @returns the generation for the desired state about to be made */
  raiseDesiredGeneration(id: HostId): Promise<number>;
  /** What a job brought the host to; a lower generation than the one recorded changes nothing. */
  setApplied(change: {
    readonly id: HostId;
    readonly generation: number;
    readonly profile: ProfileId | undefined;
    /** What the job was for; undefined for a teardown. */
    readonly desired: HostDesired | undefined;
  }): Promise<HostRecord>;
  /**
   * Where the host has left what was applied, as seen in a boot. An entry known before with the same
   * values keeps its time; the same list changes nothing.
   */
  setDrift(
    id: HostId,
    seen: { readonly drift: readonly Drift[]; readonly bootId: string },
  ): Promise<HostRecord>;
  /**
   * Hosts with drift that shall be mended: their profile says so, or a boot took away what was applied. They
   * are ready and run no exclusive job; at most `max` of them. Each is given to one caller only within
   * `intervalMs`.
   */
  claimDriftedHosts(claim: {
    readonly max: number;
    readonly intervalMs: number;
  }): Promise<readonly HostId[]>;
  /**
   * MACs for VFs, unique in the fleet; those reserved before are kept. May run twice.
   *
   * @throws StoreError MAC_TAKEN when a fixed MAC is in use elsewhere, MAC_POOL_EXHAUSTED
   */
  reserveSlots(reservation: SlotReservation): Promise<readonly DesiredSlot[]>;
  /** Gives back all slots of the host, or those of one PF from an index on. A slot that a VM holds stays. */
  releaseSlots(which: {
    readonly host: HostId;
    readonly pf?: PciAddress;
    readonly fromIndex?: number;
  }): Promise<void>;
  /**
   * The host's own address for a bridge, the lowest free one of the range; kept while it lies in the
   * range. Never one that a VM on the bridge holds. May run twice.
   *
   * @throws StoreError BRIDGE_ADDRESS_POOL_EXHAUSTED
   */
  reserveBridgeAddress(reservation: BridgeAddressReservation): Promise<Ipv4Cidr>;
  releaseBridgeAddresses(host: HostId): Promise<void>;
}
