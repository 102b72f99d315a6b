import type { AgentBus } from "@switchyard/bus";
import type { JobEvent, JobId } from "@switchyard/model";
import {
  type BackoffPolicy,
  backoffMs,
  type Clock,
  type Logger,
  type Random,
} from "@switchyard/runtime";
import type { JobEntry } from "../ledger/entries.ts";
import type { Ledger } from "../ledger/ledger.ts";

/** Events in one message; with commands' stderr tails this stays below the broker's 1 MiB. */
const EVENTS_PER_MESSAGE_MAX = 64;
const SENDERS_MAX = 16;
/** Above this, cursors of jobs that the ledger forgot are dropped. */
const CURSORS_MAX = 1024;
const RETRY: BackoffPolicy = { firstMs: 250, maxMs: 10_000, jitter: 0.5 };

/** Publishes the ledger's events in order per job, again and again until the broker has them. */
export interface EventSender {
  /** The job has events that may be unsent. */
  wake(job: JobId): void;
  /** Publishes all events of the job from the first. */
  repeat(job: JobId): void;
  stop(): Promise<void>;
}

export function createEventSender(parts: {
  readonly ledger: Ledger;
  readonly bus: AgentBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}): EventSender {
  const { ledger, bus, clock } = parts;
  const aborted = new AbortController();
  const waiting = new Set<JobId>();
  const sending = new Map<JobId, Promise<void>>();
  const cursors = new Map<JobId, { epoch: number; seq: number }>();

  const cursorOf = (entry: JobEntry): number => {
    const cursor = cursors.get(entry.job.id);
    return cursor?.epoch === entry.job.epoch ? cursor.seq : entry.sentSeq;
  };

  /** A cursor outlives its record's way to the disk, but not the job. */
  const dropCursors = () => {
    for (const job of cursors.keys()) {
      if (ledger.state.job(job) === undefined) cursors.delete(job);
    }
  };

  const publish = async (events: readonly JobEvent[]): Promise<boolean> => {
    for (let attempt = 1; !aborted.signal.aborted; attempt += 1) {
      try {
        await bus.publishEvents(events);
        return true;
      } catch (error) {
        parts.log.warn({ err: error, attempt }, "job events are not with the broker yet");
        await clock.sleep(backoffMs(RETRY, Math.min(attempt, 16), parts.random), aborted.signal);
      }
    }
    return false;
  };

  const sendAll = async (job: JobId): Promise<void> => {
    for (;;) {
      const entry = ledger.state.job(job);
      if (entry === undefined || entry.isLocal) return;
      const { epoch } = entry.job;
      const from = cursorOf(entry);
      const events = entry.events.filter((event) => event.seq > from);
      const batch = events.slice(0, EVENTS_PER_MESSAGE_MAX);
      const last = batch.at(-1);
      if (last === undefined || !(await publish(batch))) return;
      if (cursorOf(entry) !== from) continue; // told to repeat meanwhile
      cursors.set(job, { epoch, seq: last.seq });
      ledger.appendLazily([{ kind: "sent", job, epoch, seq: last.seq }]);
      if (cursors.size > CURSORS_MAX) dropCursors();
    }
  };

  const startWaiting = () => {
    for (const job of waiting) {
      if (sending.size >= SENDERS_MAX || aborted.signal.aborted) return;
      if (sending.has(job)) continue;
      waiting.delete(job);
      const done = sendAll(job)
        .catch((error: unknown) => parts.log.error({ err: error, job }, "events were not sent"))
        .finally(() => {
          sending.delete(job);
          startWaiting();
        });
      sending.set(job, done);
    }
  };

  const wake = (job: JobId) => {
    waiting.add(job);
    startWaiting();
  };
  return {
    wake,
    repeat: (job) => {
      const entry = ledger.state.job(job);
      if (entry !== undefined) cursors.set(job, { epoch: entry.job.epoch, seq: 0 });
      wake(job);
    },
    stop: async () => {
      aborted.abort();
      await Promise.all(sending.values());
    },
  };
}
