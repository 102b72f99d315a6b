import {
  assert,
  assertNever,
  type JobEvent,
  type JobId,
  type RestoreReport,
} from "@switchyard/model";
import type { Applied, ForgottenJob, JobEntry, MutableJob } from "./entries.ts";
import { changedStep, jobRecords, NEW_STEP } from "./entry-records.ts";
import type { LedgerRecord } from "./records.ts";

/** Ended jobs kept with all their events, to be sent again when a controller lost them. */
export const ENDED_JOBS_MAX = 64;
/** Ended jobs kept only as a name. */
export const FORGOTTEN_JOBS_MAX = 4096;

/** Everything the records say, folded. Applying a record twice changes nothing more. */
export class LedgerState {
  bootId: string | undefined;
  hostEpoch = 0;
  /** Jobs that expire no later than this were forgotten wholly: an unknown one may have run already. */
  expiryFloorMs = 0;
  /** Undefined before the first apply, and where nobody knows how the last one left the host. */
  applied: Applied | undefined;
  /** What the host last did by itself after a boot. */
  restore: RestoreReport | undefined;
  readonly #generations = new Map<string, number>();
  readonly #jobs = new Map<JobId, MutableJob>();
  readonly #forgotten = new Map<JobId, ForgottenJob>();
  #endedCount = 0;

  /** In the order of acceptance. */
  jobs(): Iterable<JobEntry> {
    return this.#jobs.values();
  }

  job(id: JobId): JobEntry | undefined {
    return this.#jobs.get(id);
  }

  forgotten(id: JobId): ForgottenJob | undefined {
    return this.#forgotten.get(id);
  }

  /** Highest generation accepted for a resource of this host; 0 when there was none. */
  generation(resource: string): number {
    return this.#generations.get(resource) ?? 0;
  }

  apply(record: LedgerRecord): void {
    switch (record.kind) {
      case "base":
        this.#clear();
        break;
      case "boot":
        this.bootId = record.bootId;
        break;
      case "seen":
        this.#applySeen(record);
        break;
      case "job":
        this.#applyJob(record);
        break;
      case "forgotten":
        this.#forgotten.set(record.job, record);
        break;
      case "event":
        this.#applyEvent(record.event);
        break;
      case "sent":
      case "fail":
      case "cancel":
        this.#applyMark(record);
        break;
      case "resumed":
        this.#applyResumed(record);
        break;
      case "intent":
      case "done":
      case "undo":
        this.#applyStep(record);
        break;
      case "end":
        this.#applyEnd(record.job);
        break;
      case "applied":
        this.applied = record.applied && { ...record.applied, bootId: record.bootId };
        // What went wrong after the boot has been set right, or is told by the job that went wrong since.
        if (this.restore?.finding !== undefined) this.restore = undefined;
        break;
      case "restored":
        this.#applyRestored(record.report);
        break;
      default:
        assertNever(record);
    }
  }

  /** Records from which the same state folds: the first content of a new segment. */
  *snapshot(): Iterable<LedgerRecord> {
    yield { kind: "base" };
    if (this.bootId !== undefined) yield { kind: "boot", bootId: this.bootId };
    yield {
      kind: "seen",
      hostEpoch: this.hostEpoch,
      generations: Object.fromEntries(this.#generations),
      expiryFloorMs: this.expiryFloorMs,
    };
    if (this.applied !== undefined) {
      const { bootId, ...applied } = this.applied;
      yield { kind: "applied", bootId, applied };
    }
    if (this.restore !== undefined) yield { kind: "restored", report: this.restore };
    for (const [job, entry] of this.#forgotten) yield { kind: "forgotten", job, ...entry };
    for (const entry of this.#jobs.values()) yield* jobRecords(entry);
  }

  #clear(): void {
    this.#generations.clear();
    this.#jobs.clear();
    this.#forgotten.clear();
    this.#endedCount = 0;
    this.applied = undefined;
    this.restore = undefined;
  }

  /** Once all is there again in a boot, what is missing later was taken away by somebody. */
  #applyRestored(report: RestoreReport): void {
    this.restore = report;
    const isThere = report.state === "restored" || report.state === "intact";
    if (isThere && this.applied !== undefined) {
      this.applied = { ...this.applied, bootId: report.bootId };
    }
  }

  #applySeen(record: Extract<LedgerRecord, { kind: "seen" }>): void {
    this.hostEpoch = Math.max(this.hostEpoch, record.hostEpoch);
    this.expiryFloorMs = Math.max(this.expiryFloorMs, record.expiryFloorMs);
    for (const [resource, generation] of Object.entries(record.generations)) {
      if (generation === 0) this.#generations.delete(resource);
      else this.#generations.set(resource, Math.max(this.generation(resource), generation));
    }
  }

  #applyJob(record: Extract<LedgerRecord, { kind: "job" }>): void {
    const { job, expireAtMs, bootId, isLocal = false } = record;
    const former = this.#jobs.get(job.id);
    if (former?.job.epoch === job.epoch) return;
    if (former?.hasEnded) this.#endedCount -= 1;
    this.#jobs.delete(job.id);
    this.#forgotten.delete(job.id);
    this.#jobs.set(job.id, {
      job,
      expireAtMs,
      bootId,
      boots: [bootId],
      plan: undefined,
      steps: new Map(),
      events: [],
      sentSeq: 0,
      failure: undefined,
      isCancelled: false,
      hasEnded: false,
      isLocal,
    });
  }

  #applyEvent(event: JobEvent): void {
    this.#change(event.job, (job) => {
      if (event.epoch !== job.job.epoch || event.seq <= (job.events.at(-1)?.seq ?? 0)) return;
      job.events.push(event);
      if (event.body.kind === "planned") job.plan = event.body.steps;
    });
  }

  #applyMark(record: Extract<LedgerRecord, { kind: "sent" | "fail" | "cancel" }>): void {
    this.#change(record.job, (job) => {
      if (record.kind === "fail") job.failure = record.failure;
      else if (record.kind === "cancel") job.isCancelled = true;
      else if (record.epoch === job.job.epoch) job.sentSeq = Math.max(job.sentSeq, record.seq);
    });
  }

  #applyResumed({ job: id, bootId }: Extract<LedgerRecord, { kind: "resumed" }>): void {
    this.#change(id, (job) => {
      if (job.boots.at(-1) !== bootId) job.boots = [...job.boots, bootId];
    });
  }

  #applyStep(record: Extract<LedgerRecord, { kind: "intent" | "done" | "undo" }>): void {
    this.#change(record.job, (job) => {
      const step = job.steps.get(record.step) ?? NEW_STEP;
      job.steps.set(record.step, changedStep(step, record));
    });
  }

  #applyEnd(id: JobId): void {
    this.#change(id, (job) => {
      if (job.hasEnded) return;
      job.hasEnded = true;
      this.#endedCount += 1;
    });
    if (this.#endedCount > ENDED_JOBS_MAX) this.#forgetOldest();
  }

  /** The oldest ended job whose events are all with the broker. */
  #forgetOldest(): void {
    for (const [id, job] of this.#jobs) {
      const lastEvent = job.events.at(-1);
      const isSent = job.isLocal || job.sentSeq >= (lastEvent?.seq ?? 0);
      if (!job.hasEnded || !isSent) continue;
      this.#jobs.delete(id);
      this.#endedCount -= 1;
      if (job.isLocal) return;
      const { expireAtMs } = job;
      this.#forgotten.set(id, { epoch: job.job.epoch, expireAtMs, lastEvent });
      break;
    }
    if (this.#forgotten.size > FORGOTTEN_JOBS_MAX) this.#raiseFloor();
  }

  #raiseFloor(): void {
    const oldest = this.#forgotten.entries().next().value;
    if (oldest === undefined) return;
    this.#forgotten.delete(oldest[0]);
    this.expiryFloorMs = Math.max(this.expiryFloorMs, oldest[1].expireAtMs);
  }

  #change(id: JobId, change: (job: MutableJob) => void): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) change(job);
  }
}

/** The job as its acceptance's records have it, whether or not they are on disk yet. */
export function acceptedEntry(records: readonly LedgerRecord[], id: JobId): JobEntry {
  const state = new LedgerState();
  for (const record of records) state.apply(record);
  const entry = state.job(id);
  assert(entry !== undefined, "an acceptance holds its job");
  return entry;
}
