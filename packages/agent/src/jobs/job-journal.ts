import type { HostId, JobEvent, JobEventBody } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { JobEntry } from "../ledger/entries.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LedgerRecord, StepOutcome } from "../ledger/records.ts";

/**
 * Commands and log lines of one job beyond this are dropped; those of mere looking earlier, so that changes
 * stay on record. A host with 127 VFs takes some 600 steps.
 */
const CHANGES_TOLD_MAX = 20_000;
const LOOKS_TOLD_MAX = 5_000;

/** One job's part of the ledger: numbers its events and writes them with the records they belong to. */
export interface JobJournal {
  /** The job as the ledger holds it now, or as it was accepted where that is not on disk yet. */
  entry(): JobEntry;
  /** Outcomes of the steps done so far, those included that are not written yet. */
  outcomes(): readonly { readonly step: string; readonly outcome: StepOutcome }[];
  /** Writes records and events, durable when resolved, then hands the events to the sender. */
  commit(records: readonly LedgerRecord[], ...bodies: readonly JobEventBody[]): Promise<void>;
  /** Written with the next commit. For what may be lost in a crash because it is done again. */
  note(records: readonly LedgerRecord[], ...bodies: readonly JobEventBody[]): void;
  /** Written at once, without anyone waiting: commands that change the host, log lines. */
  tell(body: JobEventBody): void;
  /** Written with the next commit: commands that only look. */
  mention(body: JobEventBody): void;
}

export interface JobJournalParts {
  readonly host: HostId;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly onEvents: (entry: JobEntry) => void;
}

export function createJobJournal(parts: JobJournalParts, accepted: JobEntry): JobJournal {
  const { ledger } = parts;
  const { id, epoch } = accepted.job;
  const entry = () => {
    const known = ledger.state.job(id);
    return known?.job.epoch === epoch ? known : accepted;
  };
  let seq = accepted.events.at(-1)?.seq ?? 0;

  const outcomes = new Map<string, StepOutcome>();
  for (const [step, { outcome }] of accepted.steps) {
    if (outcome !== undefined) outcomes.set(step, outcome);
  }
  const noteOutcomes = (records: readonly LedgerRecord[]) => {
    for (const record of records) {
      if (record.kind === "done") outcomes.set(record.step, record.outcome);
    }
  };

  const number = (body: JobEventBody): LedgerRecord => {
    seq += 1;
    const atMs = parts.clock.nowMs();
    const event: JobEvent = { host: parts.host, job: id, epoch, seq, atMs, body };
    return { kind: "event", event };
  };
  const commit = async (records: readonly LedgerRecord[], ...bodies: readonly JobEventBody[]) => {
    noteOutcomes(records);
    await ledger.append([...records, ...bodies.map(number)]);
    parts.onEvents(entry());
  };
  return {
    entry,
    commit,
    outcomes: () => [...outcomes].map(([step, outcome]) => ({ step, outcome })),
    note: (records, ...bodies) => {
      noteOutcomes(records);
      ledger.appendLazily([...records, ...bodies.map(number)]);
    },
    tell: (body) => {
      if (seq >= CHANGES_TOLD_MAX) return;
      // A ledger that can't be written fails the job's next commit, which someone waits for.
      commit([], body).catch(() => undefined);
    },
    mention: (body) => {
      if (seq < LOOKS_TOLD_MAX) ledger.appendLazily([number(body)]);
    },
  };
}
