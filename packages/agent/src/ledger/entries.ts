import type { Job, JobEvent, JobFailure, Step } from "@switchyard/model";
import type { AppliedDatapath } from "@switchyard/planner";
import type { StepOutcome } from "./records.ts";

/** What is known of one step of a job. */
export interface StepEntry {
  readonly intent:
    | {
        readonly inputDigest: string;
        readonly before: unknown;
        /** The dead-man holds it: without a DONE it is to be confirmed or taken back. */
        readonly isArmed: boolean;
      }
    | undefined;
  readonly outcome: StepOutcome | undefined;
  /** Undefined while nobody tried; false when its undo began and did not end. */
  readonly isUndone: boolean | undefined;
}

/** One job as the ledger holds it. */
export interface JobEntry {
  readonly job: Job;
  readonly expireAtMs: number;
  /** Boot in which it was accepted. */
  readonly bootId: string;
  /** Boots in which it was under way, the one of its acceptance first. */
  readonly boots: readonly string[];
  /** Undefined before the agent planned it. */
  readonly plan: readonly Step[] | undefined;
  readonly steps: ReadonlyMap<string, StepEntry>;
  readonly events: readonly JobEvent[];
  /** Events up to this number are with the broker. */
  readonly sentSeq: number;
  readonly failure: JobFailure | undefined;
  readonly isCancelled: boolean;
  readonly hasEnded: boolean;
  /** The agent's own: no controller knows it, and its events stay in the ledger. */
  readonly isLocal: boolean;
}

/** What the host was last brought to. */
export interface Applied extends AppliedDatapath {
  /** Boot in which it was so last: in a later one the kernel and NIC have forgotten it. */
  readonly bootId: string;
}

/** An ended job whose events were dropped; kept so that a late copy of it is not run again. */
export interface ForgottenJob {
  readonly epoch: number;
  readonly expireAtMs: number;
  readonly lastEvent: JobEvent | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type MutableJob = Omit<Mutable<JobEntry>, "steps" | "events"> & {
  steps: Map<string, StepEntry>;
  events: JobEvent[];
};
