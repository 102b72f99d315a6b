import type {
  HostId,
  HostKind,
  JobEvent,
  JobFailure,
  JobId,
  JobKind,
  JobResult,
  JobSpec,
  JobState,
} from "@switchyard/model";

export interface JobRecord {
  readonly id: JobId;
  readonly etag: string;
  readonly host: HostId;
  readonly hostKind: HostKind | undefined;
  readonly hostEpoch: number;
  readonly kind: JobKind;
  readonly spec: JobSpec;
  /** Raised by every assignment; events of older ones are dropped. */
  readonly epoch: number;
  readonly state: JobState;
  /** Full name of what the job is about: `plans/…`, `vms/…`. */
  readonly subject: string | undefined;
  /** Who asked for it. */
  readonly actor: string;
  /** W3C `traceparent` of what asked for it; empty where nothing did. */
  readonly traceparent: string;
  /** As in the audit; empty for a job that no call asked for. */
  readonly requestId: string;
  readonly createdAtMs: number;
  readonly expireAtMs: number;
  readonly acceptedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** When its agent wrote the last event, by the host's clock. */
  readonly lastEventAtMs: number | undefined;
  readonly currentStep: string | undefined;
  readonly stepsDoneCount: number;
  readonly stepCount: number;
  readonly isCancelRequested: boolean;
  readonly result: JobResult | undefined;
  readonly failure: JobFailure | undefined;
}

/** Changes to a host by its jobs; those that change nothing (`noop`, `ping-vm`) do not count. */
export interface HostChange {
  /** Whether a job that changes the host has not ended. */
  readonly isUnderWay: boolean;
  /**
   * When a job that has ended wrote its last event, by the agent's clock: what the agent observed before
   * may not show what the job did. Both times are of one clock, so no skew matters.
   */
  readonly lastAtMs: number | undefined;
}

export interface JobDraft {
  /** UUIDv7. */
  readonly id: JobId;
  readonly host: HostId;
  readonly spec: JobSpec;
  readonly subject: string | undefined;
  /** A job that no host accepted within it expires. */
  readonly ttlMs: number;
  /**
   * True when this process publishes the job itself right after the commit: the outbox row is then
   * written as sent once, and other relays leave it alone until the first resend is due.
   */
  readonly isClaimed?: boolean;
}

/** A job as the relay publishes it. */
export interface OutgoingJob {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly job: JobId;
  readonly epoch: number;
  readonly expireAtMs: number;
  /** Canonical JSON of the JobSpec. */
  readonly specJson: string;
  /** W3C `traceparent`; empty where the job is of no trace. */
  readonly traceparent: string;
  /** How often it was sent, this time included; 1 is the first. */
  readonly sends: number;
}

export type JobEndState = "succeeded" | "failed" | "needs-operator" | "cancelled" | "expired";

export interface JobEnd {
  readonly job: JobId;
  readonly state: JobEndState;
  readonly result?: JobResult | undefined;
  readonly failure?: JobFailure | undefined;
}

/** Events of one job as one envelope brought them, signature checked. */
export interface JobEventBatch {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly job: JobId;
  readonly epoch: number;
  /** Any order; numbers seen before are ignored. */
  readonly events: readonly JobEvent[];
}

export type JobEventOutcome =
  /** All events up to `cursor` are stored now. `ended` when this batch ended the job. */
  | { readonly kind: "applied"; readonly cursor: number; readonly ended: boolean }
  /** Events between are missing: those from `replayFrom` on must be sent again. */
  | { readonly kind: "gap"; readonly replayFrom: number }
  /** Not of the current assignment; nothing was stored. */
  | {
      readonly kind: "stale";
      readonly why: "unknown-job" | "wrong-host" | "wrong-host-epoch" | "wrong-epoch";
    }
  /** The job had ended otherwise (expired, cancelled): events were kept for the log, no state changed. */
  | { readonly kind: "ended-before"; readonly state: JobEndState; readonly cursor: number };
