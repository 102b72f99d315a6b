import { assertNever, type JobFailure, type JobState, type MovePhase } from "@switchyard/model";

/** What a move is decided by. */
export interface MoveFacts {
  readonly phase: MovePhase;
  /** Its job; undefined where it has none yet. */
  readonly job: { readonly state: JobState; readonly failure: JobFailure | undefined } | undefined;
  /** Whether the VM shall run when it has arrived. */
  readonly wasRunning: boolean;
  /** It goes while it runs. */
  readonly isLive: boolean;
  /** Jobs made anew in this phase. */
  readonly tries: number;
  readonly isSourceFenced: boolean;
  readonly isTargetFenced: boolean;
  /** Something may have been brought to the target. */
  readonly hasTargetFiles: boolean;
}

/**
 * What a move does next.
 *
 * - wait: its job has not ended.
 * - begin: it takes a place, and its first job is made.
 * - go: into a phase, whose job is made; `switch` says whose the VM's allocation is from then on.
 * - retry: the phase's job is made anew after a pause.
 * - end: nothing is held any more.
 */
export type MoveDecision =
  | { readonly kind: "wait" }
  | { readonly kind: "begin" }
  | {
      readonly kind: "go";
      readonly phase: Exclude<MovePhase, "queued" | "done" | "failed">;
      readonly switch?: "to-target" | "to-source";
      /** What the VM is in from then on; left out: it stays as it is. */
      readonly vm?: "running" | "stopped" | "failed" | "lost";
      readonly failure?: JobFailure;
    }
  | { readonly kind: "retry"; readonly pauseMs: number }
  | {
      readonly kind: "end";
      readonly phase: "done" | "failed";
      readonly vm?: "running" | "stopped" | "failed" | "lost";
    };

/** Times a job whose outcome nobody can tell is made anew before the VM goes back; each probes first. */
const UNTOLD_TRIES_MAX = 3;
const RETRY = { firstMs: 1_000, maxMs: 60_000 } as const;

/** Grows with each try: a host that is down is down for minutes. */
const retry = (tries: number): MoveDecision => ({
  kind: "retry",
  pauseMs: Math.min(RETRY.maxMs, RETRY.firstMs * 2 ** Math.min(tries, 16)),
});

/** The guest ran when this step failed: what it wrote since is on the target, and nowhere else. */
const RAN_BEFORE = /-(?:ensureVcpusPinned|ensureGuestAddress)$/;

/** Ends of a job after which its host may or may not have done it, and can be asked again. */
const UNTOLD: readonly JobState[] = ["needs-operator", "expired"];
const isOutcomeUnknown = (job: MoveFacts["job"]): boolean =>
  job !== undefined && UNTOLD.includes(job.state);

const UNFINISHED: readonly JobState[] = ["pending", "accepted", "running"];

/** What keeps a VM from being where it was to go. */
const failureOf = ({ job, phase }: MoveFacts): JobFailure =>
  job?.failure ?? {
    reason: job?.state === "expired" ? "JOB_EXPIRED" : "JOB_CANCELLED",
    message: `the job of phase ${phase} ended as ${job?.state ?? "none"}`,
    metadata: {},
    step: undefined,
  };

const arrived = ({ wasRunning }: MoveFacts) => (wasRunning ? "running" : "stopped");

/**
 * Decides the next step of a move from where it is and how its job ended. Two things hold whatever comes: the
 * VM is started on a host only after it is known to be off everywhere else, and from the moment it may have
 * run on the target it is never started where it was from the older disk.
 */
export function decideMove(facts: MoveFacts): MoveDecision {
  const { phase, job } = facts;
  if (phase === "queued") return { kind: "begin" };
  if (phase === "done" || phase === "failed") return { kind: "wait" };
  const gone = decideFenced(facts);
  if (gone !== undefined) return gone;
  if (job !== undefined && UNFINISHED.includes(job.state)) return { kind: "wait" };
  return decideEnded(facts);
}

/** The VM runs where it was, or nowhere. */
const BEFORE_TARGET: readonly MovePhase[] = [
  ...(["sealing", "receiving", "preparing", "migrating"] as const),
  "returning",
];
/** Something is being brought to the target. */
const TO_TARGET: readonly MovePhase[] = ["receiving", "preparing", "migrating"];

const isAllThere = ({ phase, job }: MoveFacts): boolean =>
  (phase === "receiving" || phase === "migrating") && job?.state === "succeeded";

/** Nobody can tell whether it ran on the host that is off; if it did, what it wrote is there. */
const leftBehind = (failure: JobFailure): JobFailure => ({
  reason: "HOST_FENCED",
  message: "the VM goes on where it was, as it left: what it may have written since is not there",
  metadata: { found: `a fenced host that had not told whether it ran there: ${failure.message}` },
  step: undefined,
});

/** A host that is known to be off does no job; what its jobs left is found when it is back. */
function decideFenced(facts: MoveFacts): MoveDecision | undefined {
  const { phase, isSourceFenced, isTargetFenced } = facts;
  const failure = failureOf(facts);
  if (isSourceFenced && BEFORE_TARGET.includes(phase)) {
    // Disk, and memory of one that goes live, are all there: it goes on with nothing lost.
    if (isAllThere(facts) && !isTargetFenced) {
      return { kind: "go", phase: "starting", switch: "to-target" };
    }
    return { kind: "go", phase: "sweeping", vm: "lost", failure };
  }
  if (isTargetFenced && phase === "starting" && facts.job?.state === "succeeded") {
    return { kind: "go", phase: "clearing", vm: facts.wasRunning ? "lost" : "stopped" };
  }
  if (isTargetFenced && (phase === "starting" || phase === "reverting")) {
    return { kind: "go", phase: "returning", switch: "to-source", failure: leftBehind(failure) };
  }
  if (isTargetFenced && TO_TARGET.includes(phase))
    return { kind: "go", phase: "returning", failure };
  return undefined;
}

function decideEnded(facts: MoveFacts): MoveDecision {
  const { job, tries, hasTargetFiles } = facts;
  const phase = facts.phase as Exclude<MovePhase, "queued" | "done" | "failed">;
  const hasSucceeded = job?.state === "succeeded";
  const isUntold = job?.state === "needs-operator";
  switch (phase) {
    case "sealing":
      if (hasSucceeded) return { kind: "go", phase: "receiving" };
      if (isUntold && tries < UNTOLD_TRIES_MAX) return retry(tries);
      return { kind: "go", phase: "returning", failure: failureOf(facts) };
    case "receiving":
      if (hasSucceeded) return { kind: "go", phase: "starting", switch: "to-target" };
      return { kind: "go", phase: "returning", failure: failureOf(facts) };
    case "preparing":
      if (hasSucceeded) return { kind: "go", phase: "migrating" };
      if (isUntold && tries < UNTOLD_TRIES_MAX) return retry(tries);
      return { kind: "go", phase: "returning", failure: failureOf(facts) };
    case "migrating":
      if (hasSucceeded) return { kind: "go", phase: "starting", switch: "to-target" };
      if (isUntold && tries < UNTOLD_TRIES_MAX) return retry(tries);
      return { kind: "go", phase: "returning", failure: failureOf(facts) };
    case "starting":
      return decideStarted(facts);
    case "clearing":
      return hasSucceeded ? { kind: "end", phase: "done" } : retry(tries);
    case "reverting":
      return hasSucceeded ? { kind: "go", phase: "returning", switch: "to-source" } : retry(tries);
    case "returning":
      return decideReturned(facts);
    case "sweeping":
      return hasSucceeded || !hasTargetFiles ? { kind: "end", phase: "failed" } : retry(tries);
    default:
      return assertNever(phase);
  }
}

function decideStarted(facts: MoveFacts): MoveDecision {
  const { job, wasRunning, tries } = facts;
  if (!wasRunning || job?.state === "succeeded") {
    return { kind: "go", phase: "clearing", vm: arrived(facts) };
  }
  const failure = failureOf(facts);
  switch (facts.isLive ? resumedBy(facts, failure) : startedBy(facts, failure)) {
    case "ask":
      return retry(tries);
    case "ran":
      return { kind: "go", phase: "clearing", vm: "failed", failure };
    case "not":
      return { kind: "go", phase: "reverting", failure };
  }
}

/** Whether a guest ran on its new host by a job that did not succeed; `ask`: its host can be asked again. */
type HasRun = "ran" | "not" | "ask";

/**
 * A start that is asked for again takes a VM that runs as it is. Its failure tells nothing of an earlier one whose
 * end is not known.
 */
function startedBy({ job, tries }: MoveFacts, { reason, step }: JobFailure): HasRun {
  if (isOutcomeUnknown(job)) return "ask";
  if (reason === "START_CUT_BY_BOOT") return "ask";
  return tries > 0 || RAN_BEFORE.test(step ?? "") ? "ran" : "not";
}

/**
 * The host writes down that the guest goes on before it says so, where a boot does not take it away: asked again it
 * knows. A cancel says where it was seen, not what was done before.
 */
function resumedBy({ job, tries }: MoveFacts, { reason, step }: JobFailure): HasRun {
  if (reason === "VM_NOT_ARRIVED") return "not";
  if (isOutcomeUnknown(job)) return "ask";
  if (reason === "START_CUT_BY_BOOT") return "ask";
  if (step === undefined) return tries > 0 ? "ask" : "not";
  return job?.state === "cancelled" ? "ask" : "ran";
}

/** Jobs that let a VM run where it was are asked for again; a start that was cancelled was meant to be. */
function isBackUntold({ job, isLive, tries }: MoveFacts): boolean {
  if (job === undefined || tries >= UNTOLD_TRIES_MAX) return false;
  return isOutcomeUnknown(job) || (isLive && job.state === "cancelled");
}

function decideReturned(facts: MoveFacts): MoveDecision {
  const { job, wasRunning, hasTargetFiles, tries } = facts;
  if (isBackUntold(facts)) return retry(tries);
  const isBack = !wasRunning || job?.state === "succeeded";
  const vm = isBack ? arrived(facts) : "failed";
  return hasTargetFiles
    ? { kind: "go", phase: "sweeping", vm }
    : { kind: "end", phase: "failed", vm };
}
