import { assertNever } from "@switchyard/model";
import type { JobEntry, StepEntry } from "./entries.ts";
import type { LedgerRecord } from "./records.ts";

/* One job between its entry and its records. */

export const NEW_STEP: StepEntry = { intent: undefined, outcome: undefined, isUndone: undefined };

export function changedStep(
  step: StepEntry,
  record: Extract<LedgerRecord, { kind: "intent" | "done" | "undo" }>,
): StepEntry {
  switch (record.kind) {
    case "intent": {
      const { inputDigest, before, isArmed = false } = record;
      return { intent: { inputDigest, before, isArmed }, outcome: undefined, isUndone: undefined };
    }
    case "done":
      return { ...step, outcome: record.outcome };
    case "undo":
      return { ...step, isUndone: record.isUndone };
    default:
      return assertNever(record);
  }
}

/** Records from which the same entry folds. */
export function* jobRecords(entry: JobEntry): Iterable<LedgerRecord> {
  const { id, epoch } = entry.job;
  const { job, expireAtMs, bootId, isLocal } = entry;
  yield { kind: "job", job, expireAtMs, bootId, ...(isLocal && { isLocal }) };
  for (const later of entry.boots.slice(1)) yield { kind: "resumed", job: id, bootId: later };
  for (const event of entry.events) yield { kind: "event", event };
  for (const [step, { intent, outcome, isUndone }] of entry.steps) {
    if (intent !== undefined) yield { kind: "intent", job: id, step, epoch, ...intent };
    if (outcome !== undefined) yield { kind: "done", job: id, step, outcome };
    if (isUndone !== undefined) yield { kind: "undo", job: id, step, isUndone };
  }
  if (entry.isCancelled) yield { kind: "cancel", job: id };
  if (entry.failure !== undefined) yield { kind: "fail", job: id, failure: entry.failure };
  yield { kind: "sent", job: id, epoch, seq: entry.sentSeq };
  if (entry.hasEnded) yield { kind: "end", job: id };
}
