import type { HostId, JobId, StoreError } from "@switchyard/model";
import type { RequestKey } from "../requests/request.ts";
import type {
  JobDraft,
  JobEventBatch,
  JobEventOutcome,
  JobRecord,
  OutgoingJob,
} from "./job-record.ts";

/** A job of a batch, with its own caller and request id. */
export interface BatchedJobDraft extends JobDraft {
  readonly actor: string;
  /** Undefined: no replay. */
  readonly request: Omit<RequestKey, "actor"> | undefined;
  /** Request id for audit and job; that of `request` unless told. */
  readonly callId?: string;
  /** W3C `traceparent` of the call. */
  readonly traceparent?: string;
}

export type JobCreation =
  | { readonly kind: "created"; readonly job: JobRecord }
  /** The request id was answered before: this is that answer. */
  | { readonly kind: "replayed"; readonly job: JobRecord }
  /** HOST_NOT_FOUND, HOST_NOT_READY, NAME_TAKEN or REQUEST_ID_REUSED; others of the batch are not affected. */
  | { readonly kind: "refused"; readonly error: StoreError };

/** What became of a draft of a batch that was made as a whole. */
export type JobMade = Exclude<JobCreation, { readonly kind: "refused" }>;

export interface ExpiryReport {
  readonly expired: readonly JobRecord[];
}

/** Hot statements of dispatch: each takes many jobs and is one transaction on a pool of its own. */
export interface DispatchStore {
  /** One outcome per draft, in order. At most 1000 drafts. Safe to repeat with the same ids. */
  createJobs(drafts: readonly BatchedJobDraft[]): Promise<readonly JobCreation[]>;
  /**
   * The same, all of them or none.
   *
   * @throws StoreError the first refusal
   */
  createAllJobs(drafts: readonly BatchedJobDraft[]): Promise<readonly JobMade[]>;
  /**
   * Due rows of the outbox, at most `limit` (256). Claiming counts as sending: the row is due again 5 s,
   * 10 s, 20 s … later (at most 60 s, jittered) until the job is accepted, so a relay that dies after it
   * loses nothing.
   */
  claimOutbox(limit: number): Promise<readonly OutgoingJob[]>;
  /** Makes claimed rows due again in `delayMs`, where publishing failed. */
  delayOutbox(jobs: readonly JobId[], delayMs: number): Promise<void>;
  /** Makes everything unaccepted due now: after NATS lost its storage, or for one host that came back. */
  resendUnaccepted(hosts?: readonly HostId[]): Promise<number>;
  /** Milliseconds until the next row is due; undefined when the outbox is empty. */
  nextDueInMs(): Promise<number | undefined>;
  /**
   * Stores events of many jobs, moves their states, ends outbox rows and jobs, runs the effects of ends:
   * one transaction. One outcome per batch, in order. May run twice: what was stored is ignored.
   */
  applyEventBatches(batches: readonly JobEventBatch[]): Promise<readonly JobEventOutcome[]>;
  /** Ends jobs that nobody accepted by their expiry and a grace of 15 s; at most 256 a call. */
  expireOverdue(): Promise<ExpiryReport>;
  /**
   * Ends jobs that their hosts took and no longer know, as `needs-operator`: nobody can say what they did. Those that
   * ended are left as they are. May run twice.
   */
  endForgotten(jobs: readonly JobId[]): Promise<readonly JobRecord[]>;
  /** Live jobs for which cancel was asked and that were sent; at most 256, for telling agents again. */
  listCancelRequested(): Promise<readonly JobRecord[]>;
}
