import type { BmcEndpoint } from "../bmc/endpoint.ts";
import type { HostDesired } from "../desired/host-desired.ts";
import type { ImageDesired } from "../desired/image.ts";
import type { VmDesired } from "../desired/vm.ts";
import type { Reason } from "../errors/reasons/reasons.ts";
import type { HostId, JobId, MoveId, PlanId, VmId } from "../ids/ids.ts";
import type { DiskSeal, DiskTransfer } from "../moves/disk-transfer.ts";
import type { MigrationChannel, MigrationNote } from "../moves/live-migration.ts";
import type { Step } from "../plan/step.ts";
import type { Ipv4Address } from "../values/ipv4.ts";

/** What a job shall do. The agent makes the steps afresh from it and from what it observes. */
export type JobSpec =
  | {
      readonly kind: "apply-host";
      readonly plan: PlanId;
      readonly desired: HostDesired;
      /** Digest of the plan a person approved; the agent's own plan must have the same. */
      readonly planDigest: string;
    }
  | { readonly kind: "start-vm"; readonly vm: VmDesired }
  | { readonly kind: "stop-vm"; readonly vm: VmDesired; readonly gracePeriodMs: number }
  | { readonly kind: "reboot-vm"; readonly vm: VmDesired; readonly gracePeriodMs: number }
  | { readonly kind: "delete-vm"; readonly vm: VmDesired }
  | {
      readonly kind: "ping-vm";
      readonly vm: VmId;
      readonly target: Ipv4Address;
      readonly count: number;
    }
  /** Ends a VM that goes to another host, and says what its disk is. */
  | { readonly kind: "seal-vm"; readonly vm: VmDesired }
  /** Brings a VM's disk from the host that has it, undefined where none travels. The VM does not start. */
  | {
      readonly kind: "receive-vm";
      readonly vm: VmDesired;
      readonly disk: DiskTransfer | undefined;
    }
  /**
   * Has a QEMU wait for a VM that comes live, with its NICs and an empty disk. Nothing runs in it. `sender` is the
   * public nkey of the host that it comes from.
   */
  | {
      readonly kind: "await-vm";
      readonly vm: VmDesired;
      readonly move: MoveId;
      readonly sender: string;
    }
  /** Sends a running VM's disk and memory to where it is waited for. At its end the guest stands still. */
  | { readonly kind: "migrate-vm"; readonly vm: VmDesired; readonly channel: MigrationChannel }
  /** Lets a guest whose memory has come go on. */
  | { readonly kind: "resume-vm"; readonly vm: VmDesired; readonly move: MoveId }
  /** Calls a live move off on the host that the VM was to leave: it goes on there, or is started where it ended. */
  | { readonly kind: "keep-vm"; readonly vm: VmDesired }
  /** Takes away all that is left of a VM on a host where it is no more. */
  | { readonly kind: "clear-vm"; readonly vm: VmDesired }
  /** Takes the power of another host away, through its BMC. */
  | { readonly kind: "fence-host"; readonly host: HostId; readonly bmc: BmcEndpoint }
  | { readonly kind: "fetch-image"; readonly image: ImageDesired }
  | { readonly kind: "noop" };

export type JobKind = JobSpec["kind"];

/**
 * What a job does about VMs that it would break: `refuse` it; `stop` them first, each asked and given time,
 * and then ended; `force`: let them lose NIC or power.
 */
export type VmPolicy = "refuse" | "stop" | "force";

/**
 * ```
 * pending --> accepted --> running --> succeeded
 *    |            |           |-----> failed
 *    |            |           '-----> needs-operator
 *    '------------'-----> cancelled | expired
 * ```
 * pending -> accepted: the agent wrote the envelope to its ledger. accepted -> running: its first step
 * began. running -> needs-operator: a step's outcome can't be told. The four on the right are ends; a job
 * reaches exactly one of them, once.
 */
export type JobState =
  | "pending"
  | "accepted"
  | "running"
  | "succeeded"
  | "failed"
  | "needs-operator"
  | "cancelled"
  | "expired";

export const JOB_END_STATES = [
  "succeeded",
  "failed",
  "needs-operator",
  "cancelled",
  "expired",
] as const;
export const isJobEnd = (state: JobState): boolean =>
  (JOB_END_STATES as readonly JobState[]).includes(state);

/** Jobs that touch the datapath or boot the machine run alone on their host. */
export const isExclusive = (kind: JobKind): boolean => kind === "apply-host";

/** Jobs that leave their host as they found it. */
export const JOB_KINDS_WITHOUT_CHANGE: readonly JobKind[] = ["noop", "ping-vm", "fence-host"];

export interface Job {
  readonly id: JobId;
  readonly host: HostId;
  readonly spec: JobSpec;
  readonly epoch: number;
  /** W3C `traceparent` of what asked for it; undefined where nothing did. */
  readonly traceparent?: string;
}

/** How a job failed, in the shape every error is shown in. */
export interface JobFailure {
  readonly reason: Reason;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Step at which it failed; undefined when it failed before the first. */
  readonly step: string | undefined;
}

export interface PingResult {
  readonly transmitted: number;
  readonly received: number;
  readonly rttAvgMs: number | undefined;
}

/** What a job leaves behind besides its state. */
export interface JobResult {
  readonly changedSteps: number;
  readonly ping: PingResult | undefined;
  /** What the disk is that shall travel. */
  readonly disk?: DiskSeal;
  /** Of a VM that goes live. */
  readonly migration?: MigrationNote;
  /** What state the host was left in after a failure, plainly. */
  readonly leftState: string | undefined;
}

/** One command run on a host for a step: the audit's record. */
export interface CommandRecord {
  readonly argv: readonly string[];
  /** Undefined when the program did not end in time or did not start. */
  readonly exitCode: number | undefined;
  readonly durationMs: number;
  /** SHA-256 of stdout followed by stderr. */
  readonly outputDigest: string;
  /** Last part of stderr, at most 2 KiB; empty on success. */
  readonly stderrTail: string;
}

/**
 * What became of a guarded step. confirmed: the bus answered after it. lost: it did not, and the step is
 * taken back. restored: the bus answered once it was taken back. silent: it did not even then.
 */
export const GUARD_OUTCOMES = ["confirmed", "lost", "restored", "silent"] as const;
export type GuardOutcome = (typeof GUARD_OUTCOMES)[number];

/** One event of a job, numbered by the agent from 1 per (job, epoch). */
export type JobEventBody =
  | { readonly kind: "accepted"; readonly bootId: string }
  | { readonly kind: "planned"; readonly steps: readonly Step[] }
  | {
      readonly kind: "step-started";
      readonly step: string;
      readonly title: string;
      /** Span of the step in the job's trace, 16 hex digits; undefined where it is not traced. */
      readonly span?: string;
    }
  | { readonly kind: "command"; readonly step: string; readonly command: CommandRecord }
  | { readonly kind: "step-finished"; readonly step: string; readonly changed: boolean }
  | { readonly kind: "step-undone"; readonly step: string }
  | {
      /** Of a guarded step. */
      readonly kind: "step-guarded";
      readonly step: string;
      readonly outcome: GuardOutcome;
      readonly detail: string;
    }
  | { readonly kind: "log"; readonly step: string; readonly line: string }
  | {
      readonly kind: "ended";
      readonly state: "succeeded" | "failed" | "needs-operator" | "cancelled";
      readonly result: JobResult;
      readonly failure: JobFailure | undefined;
    }
  | { readonly kind: "rejected-stale"; readonly acceptedEpoch: number }
  | {
      /**
       * Stands for the events `firstSeq` to the one whose number it has: the agent no longer has them. Those
       * of them that had come are kept.
       */
      readonly kind: "events-dropped";
      readonly firstSeq: number;
    };

export interface JobEvent {
  readonly host: HostId;
  readonly job: JobId;
  readonly epoch: number;
  readonly seq: number;
  readonly atMs: number;
  readonly body: JobEventBody;
}
