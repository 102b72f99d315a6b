import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import { beforeTransaction, comparePositions, type Position } from "./position.ts";

/** What happened to a record. */
export type ChangeOp = "created" | "updated" | "deleted";

export interface Change extends Position {
  /** Kind of record: `host`, `vm`. */
  readonly kind: string;
  readonly key: string;
  readonly op: ChangeOp;
  readonly body: unknown;
}

/** The durable log of changes, as the store has it. */
export interface ChangeSource {
  /**
   * Changes after a place, in order. Only those of transactions below `horizon`, the oldest that may
   * still commit: none can appear before them later.
   */
  readChanges(query: {
    readonly after: Position;
    readonly limit: number;
  }): Promise<{ readonly changes: readonly Change[]; readonly horizon: bigint }>;
  /** The oldest transaction that may still commit. */
  readHorizon(): Promise<bigint>;
}

/** What a watcher gets of the log: changes after its cursor, and its next cursor. */
export interface Slice {
  readonly changes: readonly Change[];
  readonly next: Position;
}

/** One reader of the log for all watchers of a controller. */
export interface ChangeHub {
  start(): Service;
  /** Looks for changes at once; called after a commit in this process. */
  wake(): void;
  /** Everything known after the cursor, at most one page. */
  pull(cursor: Position): Promise<Slice>;
  /** Resolves when there is something after the cursor, the time is over, or the signal aborts. */
  waitForNews(cursor: Position, options: WaitOptions): Promise<void>;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Longest time a change of another controller stays unseen. */
const POLL_INTERVAL_MS = 100;

/** Changes kept in memory for watchers near the present; those further behind read the log itself. */
const RECENT_MAX = 8192;

/** Changes read or handed over at once. */
const PAGE_SIZE = 1000;

/** Pause after the log could not be read. */
const RETRY_PAUSE_MS = 1_000;

interface Waiter {
  readonly cursor: Position;
  readonly wake: () => void;
}

/**
 * Tails the log and keeps its recent end in memory. A watcher is nothing but a cursor: one that is slow
 * falls behind, out of the recent end and back to the log, and costs no memory however slow it is.
 */
export function createChangeHub(options: {
  readonly source: ChangeSource;
  readonly clock: Clock;
  readonly log: Logger;
}): ChangeHub {
  const { source, clock, log } = options;
  let recent: Change[] = [];
  /** `recent` holds everything after `floor`, up to `head`; undefined before the first look. */
  let floor: Position | undefined;
  let head: Position = beforeTransaction(0n);
  const waiters = new Set<Waiter>();
  let nudge: () => void = () => undefined;
  let isNudged = false;

  const advance = (changes: readonly Change[], to: Position): void => {
    recent.push(...changes);
    if (recent.length > RECENT_MAX) {
      const dropped = recent.splice(0, recent.length - RECENT_MAX);
      floor = dropped.at(-1) ?? floor;
    }
    if (comparePositions(to, head) > 0) head = to;
    const hasNews = changes.length > 0;
    for (const waiter of hasNews ? waiters : []) {
      if (comparePositions(waiter.cursor, head) < 0) waiter.wake();
    }
  };

  const look = async (): Promise<boolean> => {
    if (floor === undefined) {
      head = beforeTransaction(await source.readHorizon());
      floor = head;
      recent = [];
    }
    const { changes, horizon } = await source.readChanges({ after: head, limit: PAGE_SIZE });
    const isFull = changes.length === PAGE_SIZE;
    const last = changes.at(-1);
    advance(changes, isFull && last !== undefined ? last : beforeTransaction(horizon));
    return isFull;
  };

  const tail = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      isNudged = false;
      const hasMore = await look().catch(async (error: unknown) => {
        log.warn({ err: error }, "the log of changes can't be read; watches stand still");
        await clock.sleep(RETRY_PAUSE_MS, signal);
        return false;
      });
      if (hasMore || isNudged) continue;
      const pause = new AbortController();
      nudge = () => pause.abort();
      await clock.sleep(POLL_INTERVAL_MS, AbortSignal.any([signal, pause.signal]));
    }
  };

  return {
    start: () => startLoop(tail, (error) => log.error({ err: error }, "watches stopped")),
    wake: () => {
      isNudged = true;
      nudge();
    },
    pull: async (cursor) => {
      if (floor !== undefined && comparePositions(cursor, floor) >= 0) {
        const start = recent.findIndex((change) => comparePositions(change, cursor) > 0);
        const changes = start === -1 ? [] : recent.slice(start, start + PAGE_SIZE);
        const last = changes.at(-1);
        const hasMore = last !== undefined && recent.at(-1) !== last;
        const end = hasMore ? last : head;
        return { changes, next: comparePositions(end, cursor) > 0 ? end : cursor };
      }
      const { changes, horizon } = await source.readChanges({ after: cursor, limit: PAGE_SIZE });
      const last = changes.at(-1);
      const isFull = changes.length === PAGE_SIZE && last !== undefined;
      const end = isFull ? last : beforeTransaction(horizon);
      return { changes, next: comparePositions(end, cursor) > 0 ? end : cursor };
    },
    waitForNews: async (cursor, { timeoutMs, signal }) => {
      const last = recent.at(-1);
      if (floor !== undefined && comparePositions(cursor, floor) < 0) return;
      if (last !== undefined && comparePositions(last, cursor) > 0) return;
      const news = new AbortController();
      const waiter: Waiter = { cursor, wake: () => news.abort() };
      waiters.add(waiter);
      await clock.sleep(timeoutMs, AbortSignal.any([signal, news.signal]));
      waiters.delete(waiter);
    },
  };
}
