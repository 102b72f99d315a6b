import {
  assertNever,
  isJobEnd,
  type JobEvent,
  type JobFailure,
  type JobResult,
  type JobState,
} from "@switchyard/model";
import type { JobEndState, JobEventBatch, JobEventOutcome } from "./job-record.ts";

/** What events move of a job. */
export interface JobProgress {
  readonly state: JobState;
  readonly epoch: number;
  readonly host: string;
  /** Epoch of the host's enrolment, now. */
  readonly hostEpoch: number;
  readonly currentStep: string | undefined;
  readonly stepsDone: number;
  readonly stepCount: number;
  readonly result: JobResult | undefined;
  readonly failure: JobFailure | undefined;
  /** Last event stored without a gap before it. */
  readonly cursor: number;
}

export interface Fold {
  readonly progress: JobProgress;
  /** Events to store, in order, none of them stored before. */
  readonly stored: readonly JobEvent[];
  readonly outcome: JobEventOutcome;
}

/**
 * Steps done once this one is. Its id begins with its position: a job that a boot or a crash made look at
 * its steps again tells of the same step twice. What a host says never counts beyond the plan.
 */
function doneAfter({ stepsDone, stepCount }: JobProgress, step: string): number {
  const position = Number(/^\d+(?=-)/.exec(step)?.[0] ?? 0);
  return Math.max(stepsDone, Math.min(position, Math.max(stepCount, stepsDone + 1)));
}

/** What one event does to a job that has not ended. */
function step(progress: JobProgress, event: JobEvent): JobProgress {
  const { body } = event;
  switch (body.kind) {
    case "accepted":
      return { ...progress, state: progress.state === "pending" ? "accepted" : progress.state };
    case "planned":
      return { ...progress, stepCount: body.steps.length };
    case "step-started":
      return { ...progress, state: "running", currentStep: body.step };
    case "step-finished":
      return { ...progress, state: "running", stepsDone: doneAfter(progress, body.step) };
    case "ended":
      return {
        ...progress,
        state: body.state,
        result: body.result,
        failure: body.failure,
        currentStep: body.failure?.step ?? progress.currentStep,
      };
    case "rejected-stale":
      return {
        ...progress,
        state: "failed",
        failure: {
          reason: "JOB_STALE",
          message: `the host has accepted epoch or generation ${body.acceptedEpoch} already`,
          metadata: { found: String(body.acceptedEpoch), needs: String(event.epoch) },
          step: undefined,
        },
      };
    case "command":
    case "step-undone":
    case "step-guarded":
    case "log":
    case "events-dropped":
      return progress;
    default:
      return assertNever(body);
  }
}

function advance(progress: JobProgress, event: JobEvent): JobProgress {
  // After its end a job's events are still kept for the log, but move nothing: it ends once.
  const moved = isJobEnd(progress.state) ? progress : step(progress, event);
  return { ...moved, cursor: event.seq };
}

function staleness(
  progress: JobProgress,
  batch: JobEventBatch,
): Extract<JobEventOutcome, { kind: "stale" }> | undefined {
  if (progress.host !== batch.host) return { kind: "stale", why: "wrong-host" };
  if (progress.hostEpoch !== batch.hostEpoch) return { kind: "stale", why: "wrong-host-epoch" };
  if (progress.epoch !== batch.epoch) return { kind: "stale", why: "wrong-epoch" };
  return undefined;
}

/** The first number an event stands for: its own, but for a notice of events that were dropped. */
const firstSeqOf = ({ seq, body }: JobEvent): number =>
  body.kind === "events-dropped" ? Math.min(body.firstSeq, seq) : seq;

/** A notice of dropped events tells only of those that did not come. */
const from = (event: JobEvent, firstSeq: number): JobEvent =>
  event.body.kind === "events-dropped" ? { ...event, body: { ...event.body, firstSeq } } : event;

/** Ascending; of two with one number the event itself before the notice that it was dropped. */
const byNumber = (left: JobEvent, right: JobEvent): number =>
  left.seq - right.seq || firstSeqOf(right) - firstSeqOf(left);

/** Events after the cursor as far as they follow each other without a gap, and whether more came. */
function contiguous(
  cursor: number,
  events: readonly JobEvent[],
): { readonly next: readonly JobEvent[]; readonly hasGap: boolean } {
  const next: JobEvent[] = [];
  let last = cursor;
  for (const event of [...events].sort(byNumber)) {
    if (event.seq <= last || firstSeqOf(event) > last + 1) continue;
    next.push(from(event, last + 1));
    last = event.seq;
  }
  return { next, hasGap: events.some(({ seq }) => seq > last) };
}

/**
 * What a batch of events does to a job: pure, so that it can be tried on any order of batches. Events of
 * another enrolment or assignment do nothing; those seen before are ignored; those after a gap wait to be
 * sent again, or for the agent's word that it no longer has those between.
 */
export function foldEvents(progress: JobProgress, batch: JobEventBatch): Fold {
  const stale = staleness(progress, batch);
  if (stale !== undefined) return { progress, stored: [], outcome: stale };
  const { next, hasGap } = contiguous(progress.cursor, batch.events);
  const after = next.reduce(advance, progress);
  const outcome = outcomeOf(progress, after, hasGap);
  return { progress: after, stored: next, outcome };
}

function outcomeOf(before: JobProgress, after: JobProgress, hasGap: boolean): JobEventOutcome {
  const { cursor } = after;
  if (hasGap) return { kind: "gap", replayFrom: cursor + 1 };
  const endedNow = !isJobEnd(before.state) && isJobEnd(after.state);
  const isForeignEnd =
    isJobEnd(before.state) && (before.state === "expired" || before.state === "cancelled");
  if (isForeignEnd) return { kind: "ended-before", state: before.state as JobEndState, cursor };
  return { kind: "applied", cursor, ended: endedNow };
}
