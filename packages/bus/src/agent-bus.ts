import type {
  Examination,
  FrozenFileSystems,
  HostId,
  HostLoad,
  Inventory,
  InventoryDelta,
  Job,
  JobEvent,
  JobId,
  Reason,
  SnapshotSeries,
  VmLogPiece,
} from "@switchyard/model";
import type { DiskPiece, DiskPieceAsked } from "./envelopes/disk-piece.ts";
import type { DiskTicket } from "./envelopes/disk-ticket.ts";
import type { ReceivedRequest } from "./envelopes/signed-request.ts";
import type { SessionChannel } from "./sessions/session-channel.ts";

/** A job envelope that was checked: signed by a known controller, for this host and enrolment, unexpired. */
export interface ReceivedJob {
  readonly job: Job;
  readonly hostEpoch: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly expireAtMs: number;
  /**
   * Takes the job off the queue; resolves once the broker confirmed it. Call it after the ledger's fsync.
   * When it rejects the job is delivered again, which the ledger must take for a duplicate.
   */
  accept(): Promise<void>;
  /** Leaves the job in the queue; it is delivered again after `delayMs`. */
  defer(delayMs: number): void;
}

export interface InventoryReport {
  /** Ascending within a session. */
  readonly version: number;
  readonly inventory: Inventory;
  /** What changed since one that the broker has stored; sent instead of the inventory. */
  readonly delta?: InventoryDelta;
}

export interface HeartbeatReport {
  readonly bootId: string;
  readonly agentVersion: string;
  readonly running: readonly { readonly job: JobId; readonly epoch: number }[];
}

/** A live question from a controller; `job` and `epoch` are undefined where the verb needs none. */
export interface ReceivedCommand {
  readonly verb: CommandVerb;
  readonly job: JobId | undefined;
  readonly epoch: number | undefined;
  /** Of {@link SIGNED_VERBS}: signed by a controller for this host, unexpired, and not taken before. */
  readonly request?: ReceivedRequest;
}

/**
 * inspect: publish the inventory now. cancel: stop the job. job-again: publish all events of the job again,
 * from the first. ping: answer. diagnose: look at the host and answer with what was seen.
 * load: answer with what the host spends now. snapshots: answer with what is kept of the job. console, exec: open a session under the request's id.
 * vm-log: answer with a piece of a VM's serial log. freeze, thaw: freeze a guest's file systems for a time, end that.
 */
export const COMMAND_VERBS = [
  "inspect",
  "cancel",
  "job-again",
  "ping",
  "diagnose",
  "load",
  "snapshots",
  "console",
  "exec",
  "vm-log",
  "freeze",
  "thaw",
] as const;
export type CommandVerb = (typeof COMMAND_VERBS)[number];

/** Verbs that carry a signed request: they reach into a VM. */
export const SIGNED_VERBS = [
  "console",
  "exec",
  "vm-log",
  "freeze",
  "thaw",
] as const satisfies readonly CommandVerb[];
export type SignedVerb = (typeof SIGNED_VERBS)[number];

export interface CommandAnswer {
  readonly isDone: boolean;
  readonly reason: Reason | undefined;
  readonly message: string;
  /** Of `diagnose`. */
  readonly examination?: Examination;
  /** Of `load`. */
  readonly load?: HostLoad;
  /** Of `snapshots`. */
  readonly snapshots?: SnapshotSeries;
  /** Of `vm-log`. */
  readonly vmLog?: VmLogPiece;
  /** Of `freeze` and `thaw`. */
  readonly frozen?: FrozenFileSystems;
  /** What a refusal found, by name. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A piece of a VM's disk that another host's agent may have: a controller signed the ticket for both. */
export interface AskedDiskPiece {
  readonly ticket: DiskTicket;
  readonly offset: number;
  /** 1 to 256 KiB, and within the disk. */
  readonly length: number;
}

export interface DiskPieceFetch extends DiskPieceAsked {
  readonly source: HostId;
  readonly timeoutMs: number;
}

/** Why the bus is closed for good: it does not come back by itself. */
export type BusEnd =
  | { readonly kind: "closed" }
  /** The broker refused the host's key twice: the host was revoked or enrolled anew. */
  | { readonly kind: "refused"; readonly error: Error };

export interface Subscription {
  /** Ends delivery and waits for handlers that run. */
  stop(): Promise<void>;
}

/**
 * An agent's side of the bus. Signs what it sends and checks what it receives; reconnects without end and
 * with jitter. Every publish but the heartbeat resolves once the broker stored it, and rejects with
 * DispatchError BUS_UNAVAILABLE when that is not known after a bounded time; all of them may be repeated.
 */
export interface AgentBus {
  readonly host: HostId;
  readonly hostEpoch: number;
  /** Handlers run side by side, at most 16; a handler that rejects leaves its job in the queue. */
  consumeJobs(handler: (received: ReceivedJob) => Promise<void>): Subscription;
  /** Events of one job and epoch in ascending `seq`. */
  publishEvents(events: readonly JobEvent[]): Promise<void>;
  publishInventory(report: InventoryReport): Promise<void>;
  /** Sent at most once; lost while disconnected. */
  publishHeartbeat(report: HeartbeatReport): void;
  /** @param batch as a TelemetryEncoder made it, now or in an earlier process of this host */
  publishTelemetry(batch: Uint8Array): Promise<void>;
  onCommand(handler: (command: ReceivedCommand) => Promise<CommandAnswer>): Subscription;
  /**
   * Asks another host's agent for a piece of a VM's disk. May be repeated.
   *
   * @throws DispatchError HOST_UNREACHABLE when no whole piece comes within `timeoutMs`
   */
  fetchDiskPiece(request: DiskPieceFetch): Promise<DiskPiece>;
  /** Answers such requests; a SwitchyardError of the handler is told to whoever asked. */
  onDiskRequest(handler: (asked: AskedDiskPiece) => Promise<Uint8Array>): Subscription;
  /** This end of the session that the request with this id opens; open it before the request is answered. */
  openSession(id: string): SessionChannel;
  /** Telemetry back-pressure: sampling intervals shall be multiplied by `factor`, 1 to 16. */
  onTelemetryFlow(handler: (factor: number) => void): Subscription;
  isConnected(): boolean;
  /**
   * Whether the broker answers over the connection within `timeoutMs`, now and not when it was last heard.
   * Never rejects; false at once while there is no connection.
   */
  roundTrip(timeoutMs: number): Promise<boolean>;
  /** Resolves when the bus is closed for good. */
  readonly ended: Promise<BusEnd>;
  /** Flushes and closes. May run twice. */
  close(): Promise<void>;
}
