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
  VmState,
} from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";

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
  /** The host it was evacuated from, and returns to when asked to. */
  readonly homeHost: HostId | undefined;
  /** Job that last acted on it. */
  readonly job: JobId | undefined;
  /** Why it is in state failed. */
  readonly failure: JobFailure | undefined;
  /** Why it is in its state, in words, where nobody asked for it. */
  readonly stateReason: string | undefined;
  /** The boot of its host in which it was last seen to run. */
  readonly bootId: string | undefined;
}

export interface VmReads {
  /** @throws StoreError VM_NOT_FOUND */
  get(id: VmId): Promise<VmRecord>;
  find(id: VmId): Promise<VmRecord | undefined>;
  /** Ascending by name. */
  list(page: PageRequest & { readonly host?: HostId | undefined }): Promise<Page<VmRecord>>;
}

/** The slot that a NIC shall have. */
export interface NicPlacement {
  readonly pf: PciAddress;
  readonly vfIndex: number;
  /** Undefined: the lowest free one of the network's pool. The slot's own MAC is allowed too. */
  readonly mac?: MacAddress | undefined;
  /** Undefined: the lowest free one of the network's pool. */
  readonly address?: Ipv4Address | undefined;
}

/** Where a VM shall go. Slots and capacity are taken, then MACs and addresses. */
export interface VmPlacement {
  readonly id: VmId;
  readonly spec: VmSpec;
  readonly host: HostId;
  /** In the order of the spec's. */
  readonly nics: readonly NicPlacement[];
  /** Its start job, where the id is known already. */
  readonly job?: JobId | undefined;
  /** What the host offers in all, from its inventory; checked against what is allocated. */
  readonly capacity: HostCapacity;
}

/** What a host offers in all to a VM, as its inventory says: its memory is of the VM's kind, ordinary or huge pages. */
export interface HostCapacity {
  readonly vcpuCount: number;
  readonly memoryBytes: number;
}

export interface VmWrites {
  /**
   * Moves the VM along an edge of its state machine, or changes what is known of its state. Failure and reason
   * are those of this change: left out, they are gone.
   *
   * @throws StoreError VM_NOT_FOUND, ETAG_STALE when an etag is given, VM_STATE_CONFLICT where no edge leads there
   */
  setState(change: {
    readonly id: VmId;
    readonly state: VmState;
    readonly etag?: string;
    /** Undefined leaves the job as it is. */
    readonly job?: JobId;
    readonly failure?: JobFailure | undefined;
    readonly reason?: string | undefined;
  }): Promise<VmRecord>;
  /** Keeps the boot in which the VM was seen to run: of no interest to whoever watches. Already gone is fine. */
  setBoot(id: VmId, bootId: string): Promise<void>;
  /**
   * Replaces the spec and raises the generation. Where it takes another share of its host, what it took is changed
   * with it, and `capacity`, which the host offers in all, must hold the sum. Its NICs stay as many and where they
   * are.
   *
   * @throws StoreError VM_NOT_FOUND, ETAG_STALE, NO_CAPACITY
   */
  updateSpec(change: {
    readonly id: VmId;
    readonly etag: string;
    readonly spec: VmSpec;
    readonly capacity?: HostCapacity;
  }): Promise<VmRecord>;
  /** Removes the VM and gives back slots, MACs and addresses. Already gone is fine: undefined. */
  release(id: VmId): Promise<VmRecord | undefined>;
}
