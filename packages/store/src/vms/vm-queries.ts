import type {
  Allocation,
  HostId,
  HostKind,
  Ipv4Address,
  JobFailure,
  JobId,
  MacAddress,
  PciAddress,
  VmId,
  VmSpec,
} from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";

/**
 * ```
 * starting --> running --> deleting --> (gone)
 *    '------------+-----------'--> failed --> deleting
 * ```
 * starting -> running: its start job succeeded. deleting -> gone: its delete job succeeded and what it took
 * was given back. Any -> failed: a job of it failed, or its process ended.
 */
export type VmState = "starting" | "running" | "deleting" | "failed";

export interface VmRecord {
  readonly id: VmId;
  readonly uid: string;
  readonly etag: string;
  readonly generation: number;
  readonly createdAtMs: number;
  readonly spec: VmSpec;
  readonly state: VmState;
  readonly hostKind: HostKind | undefined;
  readonly allocation: Allocation;
  /** MAC the slot's vDPA device returns to once the VM is gone. */
  readonly slotMac: MacAddress;
  /** Job that last acted on it. */
  readonly job: JobId | undefined;
  readonly failure: JobFailure | undefined;
}

export interface VmReads {
  /** @throws StoreError VM_NOT_FOUND */
  get(id: VmId): Promise<VmRecord>;
  find(id: VmId): Promise<VmRecord | undefined>;
  /** Ascending by name. */
  list(page: PageRequest & { readonly host?: HostId | undefined }): Promise<Page<VmRecord>>;
}

/** Where a VM shall go. Slot and capacity are taken, then MAC and address. */
export interface VmPlacement {
  readonly id: VmId;
  readonly spec: VmSpec;
  readonly host: HostId;
  readonly pf: PciAddress;
  readonly vfIndex: number;
  /** Undefined: the lowest free one of the network's pool. The slot's own MAC is allowed too. */
  readonly mac?: MacAddress | undefined;
  /** Undefined: the lowest free one of the network's pool. */
  readonly address?: Ipv4Address | undefined;
  /** Its start job, where the id is known already. */
  readonly job?: JobId | undefined;
  /** What the host offers in all, from its inventory; checked against what is allocated. */
  readonly capacity: { readonly vcpuCount: number; readonly memoryBytes: number };
}

export type PlacementOutcome =
  | { readonly kind: "placed"; readonly vm: VmRecord }
  /** Another VM was faster, or the slot is not reserved: nothing was taken, try the next candidate. */
  | { readonly kind: "refused"; readonly why: "slot-taken" | "slot-unknown" | "vcpu" | "memory" };

export interface VmWrites {
  /**
   * Takes everything the VM needs or nothing. Safe under any race: unique constraints decide.
   *
   * @throws StoreError NAME_TAKEN, NETWORK_NOT_FOUND, IP_POOL_EXHAUSTED, MAC_POOL_EXHAUSTED, MAC_TAKEN
   */
  place(placement: VmPlacement): Promise<PlacementOutcome>;
  /** @throws StoreError VM_NOT_FOUND, ETAG_STALE when an etag is given */
  setState(change: {
    readonly id: VmId;
    readonly state: VmState;
    readonly etag?: string;
    /** Undefined leaves the job as it is. */
    readonly job?: JobId;
    readonly failure?: JobFailure | undefined;
  }): Promise<VmRecord>;
  /** Removes the VM and gives back slot, MAC and address. Already gone is fine: undefined. */
  release(id: VmId): Promise<VmRecord | undefined>;
}
