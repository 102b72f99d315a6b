import type {
  Allocation,
  DiskSeal,
  HostId,
  JobFailure,
  JobId,
  MigrationNote,
  MoveCause,
  MoveId,
  MoveMode,
  MovePhase,
  PciAddress,
  VmDesired,
  VmId,
} from "@switchyard/model";
import type { Page, PageRequest } from "../page.ts";
import type { HostCapacity, VmRecord } from "../vms/vm-queries.ts";

/** A VM on its way; see `MovePhase` for where it may be. */
export interface MoveRecord {
  readonly id: MoveId;
  readonly etag: string;
  readonly vm: VmId;
  readonly cause: MoveCause;
  readonly sourceHost: HostId;
  /** The only host it may go to; undefined: any. */
  readonly wantedHost: HostId | undefined;
  /** Undefined until a place is taken. */
  readonly targetHost: HostId | undefined;
  readonly phase: MovePhase;
  readonly batch: string;
  readonly atOnce: number;
  /** Whether it shall run when it has arrived. */
  readonly wasRunning: boolean;
  readonly hasNewDisk: boolean;
  /** The VM as its source is told of it. */
  readonly source: VmDesired;
  /** The VM as its target is told of it; undefined until a place is taken. */
  readonly target: VmDesired | undefined;
  readonly disk: DiskSeal | undefined;
  /** How it was asked to go. */
  readonly mode: MoveMode;
  /** It goes while it runs; known once its turn has come. */
  readonly isLive: boolean;
  /** What the jobs of a live move have told; its channel's key goes with the move's end. */
  readonly migration: MigrationNote | undefined;
  readonly job: JobId | undefined;
  /** Jobs made anew in this phase. */
  readonly tries: number;
  readonly failure: JobFailure | undefined;
  readonly actor: string;
  /** W3C `traceparent` of what asked for it; its jobs are of that trace. Empty: of none. */
  readonly traceparent: string;
  readonly createdAtMs: number;
  readonly endedAtMs: number | undefined;
}

export interface MoveDraft {
  readonly id: MoveId;
  readonly cause: MoveCause;
  readonly wantedHost?: HostId | undefined;
  readonly batch: string;
  readonly atOnce: number;
  readonly wasRunning: boolean;
  readonly hasNewDisk: boolean;
  readonly mode: MoveMode;
  readonly source: VmDesired;
}

export interface MoveReads {
  /** @throws StoreError MOVE_NOT_FOUND */
  get(id: MoveId): Promise<MoveRecord>;
  /** The one of the VM that has not ended. */
  findLive(vm: VmId): Promise<MoveRecord | undefined>;
  /** Newest first. */
  list(
    page: PageRequest & {
      /** From it or to it. */
      readonly host?: HostId | undefined;
      readonly vm?: VmId | undefined;
      readonly liveOnly?: boolean;
    },
  ): Promise<Page<MoveRecord>>;
}

/** What a step of a move leaves; what is left out stays. */
export interface MoveChange {
  readonly id: MoveId;
  readonly phase: MovePhase;
  /** Of this phase; undefined: none. */
  readonly job: JobId | undefined;
  readonly wasRunning?: boolean;
  readonly tries?: number;
  /** From now until the move is looked at again, milliseconds. */
  readonly pauseMs?: number;
  readonly source?: VmDesired;
  readonly target?: VmDesired | undefined;
  readonly disk?: DiskSeal | undefined;
  readonly isLive?: boolean;
  readonly migration?: MigrationNote | undefined;
  readonly failure?: JobFailure | undefined;
}

export interface TargetPlacement {
  readonly move: MoveId;
  readonly vm: VmRecord;
  readonly host: HostId;
  /** In the order of the VM's NICs. */
  readonly slots: readonly { readonly pf: PciAddress; readonly vfIndex: number }[];
  readonly capacity: HostCapacity;
}

export type TargetOutcome =
  | { readonly kind: "held"; readonly allocation: Allocation }
  /** Another VM was faster, or a slot is not reserved: nothing was taken. */
  | { readonly kind: "refused"; readonly why: "slot-taken" | "slot-unknown" | "vcpu" | "memory" };

export interface MoveWrites {
  /** @throws StoreError VM_MOVING while an earlier move of the VM has not ended */
  create(draft: MoveDraft): Promise<MoveRecord>;
  /**
   * Moves that are due, each given to one caller only for a while. Of a batch no more are begun than may be
   * under way at once.
   */
  claimDue(claim: {
    readonly max: number;
    readonly intervalMs: number;
  }): Promise<readonly MoveId[]>;
  /**
   * The move, locked until the transaction ends, with its batch's others where it is queued; undefined where
   * it has ended, or is queued and has to wait for them.
   */
  lock(id: MoveId): Promise<MoveRecord | undefined>;
  advance(change: MoveChange): Promise<MoveRecord>;
  /** Takes slots and capacity on another host, or nothing; the VM stays allocated where it is. */
  holdTarget(placement: TargetPlacement): Promise<TargetOutcome>;
  /**
   * The VM is allocated by `to` from now on; its slots where it was stay held, without capacity. MACs and
   * addresses stay the VM's.
   */
  switchHost(change: {
    readonly move: MoveId;
    readonly from: Allocation;
    readonly to: Allocation;
  }): Promise<void>;
  /** Gives back what the move holds. May run twice. */
  dropHold(id: MoveId): Promise<void>;
  /** A new generation for the VM: whatever was meant for an older one is refused by hosts that have seen it. */
  raiseGeneration(vm: VmId): Promise<number>;
  /** Remembers the host a VM was evacuated from, or forgets it. */
  setHome(vm: VmId, home: HostId | undefined): Promise<void>;
}
