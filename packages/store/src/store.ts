import type { AuditEvent, AuditReads, AuditWrites } from "./audit/audit-queries.ts";
import type { Change, Log, LogCursor } from "./changes/change.ts";
import type { ExperimentReads, ExperimentWrites } from "./experiments/experiment-queries.ts";
import type { FleetStore } from "./fleet/fleet-store.ts";
import type { FreezeReads, FreezeWrites } from "./freeze/freeze-queries.ts";
import type { HostReads, HostWrites } from "./hosts/host-queries.ts";
import type { PresenceStore } from "./hosts/presence.ts";
import type { ImageReads, ImageWrites } from "./images/image-queries.ts";
import type { DispatchStore } from "./jobs/dispatch.ts";
import type { JobReads, JobWrites } from "./jobs/job-queries.ts";
import type { SnapshotStore } from "./jobs/snapshot-store.ts";
import type { MoveReads, MoveWrites } from "./moves/move-queries.ts";
import type { NetworkReads, NetworkWrites } from "./networks/network-queries.ts";
import type { ObservabilityStore } from "./observability/observability-store.ts";
import type { PlacementStore } from "./placement/placement-store.ts";
import type { PlanReads, PlanWrites } from "./plans/plan-queries.ts";
import type { ProfileReads, ProfileWrites } from "./profiles/profile-queries.ts";
import type { RequestKey } from "./requests/request.ts";
import type { RolloutReads, RolloutWrites } from "./rollouts/rollout-queries.ts";
import type { SigningKeyReads, SigningKeyWrites } from "./signing-keys/signing-key-queries.ts";
import type { TelemetryStore } from "./telemetry/telemetry-store.ts";
import type { GatheredReads } from "./together/gathered-reads.ts";
import type { VmReads, VmWrites } from "./vms/vm-queries.ts";

/** Queries that change nothing. */
export interface Reads {
  readonly hosts: HostReads;
  readonly profiles: ProfileReads;
  readonly networks: NetworkReads;
  readonly images: ImageReads;
  readonly plans: PlanReads;
  readonly vms: VmReads;
  readonly moves: MoveReads;
  readonly jobs: JobReads;
  readonly events: AuditReads;
  readonly signingKeys: SigningKeyReads;
  readonly rollouts: RolloutReads;
  readonly experiments: ExperimentReads;
  readonly freeze: FreezeReads;
}

/**
 * One transaction. Every write adds its change and its audit entry by itself; both are written just before
 * the commit. Not to be used after `work` returned.
 */
export interface Transaction {
  readonly hosts: HostReads & HostWrites;
  readonly profiles: ProfileReads & ProfileWrites;
  readonly networks: NetworkReads & NetworkWrites;
  readonly images: ImageReads & ImageWrites;
  readonly plans: PlanReads & PlanWrites;
  readonly vms: VmReads & VmWrites;
  readonly moves: MoveReads & MoveWrites;
  readonly jobs: JobReads & JobWrites;
  readonly events: AuditReads & AuditWrites;
  readonly signingKeys: SigningKeyReads & SigningKeyWrites;
  readonly rollouts: RolloutReads & RolloutWrites;
  readonly experiments: ExperimentReads & ExperimentWrites;
  readonly freeze: FreezeReads & FreezeWrites;
  /**
   * Runs `work` once per request id and actor: a repeat gets the first answer, also when both run at the
   * same time. The answer is stored as JSON for 24 h.
   *
   * @param request undefined (the caller sent no id): `work` just runs
   * @throws StoreError REQUEST_ID_REUSED when method or body differ
   */
  once<T>(request: Omit<RequestKey, "actor"> | undefined, work: () => Promise<T>): Promise<T>;
  /**
   * This transaction, for work that goes on with a trace begun earlier: jobs, moves, experiments and rollouts made through
   * what is returned belong to it.
   *
   * @param traceparent W3C `traceparent`; empty: this transaction as it is
   */
  inTrace(traceparent: string): Transaction;
}

export interface WriteContext {
  /** `users/…`, `hosts/…` or `controller`; goes into the audit. */
  readonly actor: string;
  /** Goes into the audit. */
  readonly requestId?: string | undefined;
  /** W3C `traceparent` of the call, or of the work that goes on: what is created belongs to its trace. Left out or empty: one begun now. */
  readonly traceparent?: string | undefined;
  /** Runs everything, constraints included, and rolls back: for `validate_only`. */
  readonly isDryRun?: boolean;
}

export interface MaintenanceReport {
  readonly droppedPartitions: readonly string[];
  /** Rows that found no partition: an alarm. */
  readonly strayRows: number;
}

/**
 * Everything the controllers keep. Errors that leave it are StoreErrors; a database that does not answer is
 * DATABASE_UNAVAILABLE, with retry `observe-first` where the commit's outcome is unknown.
 */
export interface Store {
  /** Each call is a statement of its own. */
  readonly reads: Reads;
  /**
   * Runs `work` in one transaction; again, a bounded number of times, when the database asks for it
   * (serialisation, deadlock, restart), so `work` must have no effect outside the transaction.
   */
  transaction<T>(context: WriteContext, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Runs `work` for each of different hosts side by side in one transaction, in which what several ask for at the same
   * moment is one statement. Where one of them rejects, nothing of it is kept, and each is run again in a transaction
   * of its own. What `transaction` says of `work` holds here too.
   *
   * @returns one result for each, in order
   */
  transactions<Item, T>(
    context: WriteContext,
    items: readonly Item[],
    work: (tx: Transaction, item: Item) => Promise<T>,
  ): Promise<readonly PromiseSettledResult<T>[]>;
  /** Reads of many callers side by side: what is asked for at the same moment is one statement. */
  readonly gatheredReads: GatheredReads;
  /** Reads at one instant, with the position in the change log that belongs to it. */
  snapshot<T>(work: (reads: Reads, cursor: LogCursor) => Promise<T>): Promise<T>;
  /** Kept at least 24 h. */
  readonly changes: Log<Change>;
  /** The audit as a log. */
  readonly eventLog: Log<AuditEvent>;
  readonly dispatch: DispatchStore;
  readonly fleet: FleetStore;
  readonly placement: PlacementStore;
  readonly snapshots: SnapshotStore;
  readonly presence: PresenceStore;
  readonly telemetry: TelemetryStore;
  readonly observability: ObservabilityStore;
  /** Makes partitions ahead, drops old ones and old requests. Call it every minute or so. */
  maintain(): Promise<MaintenanceReport>;
  /** @throws StoreError DATABASE_UNAVAILABLE */
  ping(): Promise<void>;
  /** Waits for running transactions, then closes the pools. May run twice. */
  close(): Promise<void>;
}
