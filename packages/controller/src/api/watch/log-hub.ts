import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { Log, LogCursor } from "@switchyard/store";
import { isTooOld } from "./too-old.ts";

/** One reader of a log for all watchers of a controller. */
export interface LogHub<T> {
  start(): Service;
  /** Looks for entries at once where someone watches; called after a commit in this process. */
  wake(): void;
  /** A reader of everything after `cursor`, which was taken before this call. */
  openReader(cursor: LogCursor): LogReader<T>;
}

export interface LogReader<T> {
  /** After everything `next` gave; moves on also while nothing is given. */
  cursor(): LogCursor;
  /**
   * The next entries, in order, each once; none when the time is over or the signal aborts.
   *
   * @throws StoreError RESUME_TOKEN_TOO_OLD, RESUME_TOKEN_INVALID
   */
  next(options: WaitOptions): Promise<readonly T[]>;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Longest time an entry of another controller stays unseen. */
const POLL_INTERVAL_MS = 100;

/** Entries kept in memory for readers near the present; those further behind read the log itself. */
const RECENT_MAX = 8192;

/** Entries read at once. */
const PAGE_SIZE = 1000;

/** Where no reader asked for so long, nobody watches, and the log is not read until one asks. */
const UNWATCHED_AFTER_MS = 15_000;

/** Pause after the log could not be read. */
const RETRY_PAUSE_MS = 1_000;

/** One page as the tail read it. */
interface Link<T> {
  readonly entries: readonly T[];
  /** After the last entry. */
  readonly cursor: LogCursor;
}

/** A place at which a reader that is behind can join the tail. */
interface Junction {
  /** Number of the read that found it: it is later than every cursor taken before that read began. */
  readonly read: number;
  readonly cursor: LogCursor;
  /** Of the link that follows. */
  readonly index: number;
}

/** Lets several wait for one event. */
function createGate(clock: Clock): {
  open(): void;
  wait(options: WaitOptions): Promise<void>;
} {
  const waiting = new Set<AbortController>();
  return {
    open: () => {
      for (const waiter of waiting) waiter.abort();
    },
    wait: async ({ timeoutMs, signal }) => {
      const waiter = new AbortController();
      waiting.add(waiter);
      await clock.sleep(timeoutMs, AbortSignal.any([signal, waiter.signal]));
      waiting.delete(waiter);
    },
  };
}

/** What the tail has read: its recent links, numbered from the first ever. */
interface Tail<T> {
  links: Link<T>[];
  /** Number of `links[0]`. */
  firstIndex: number;
  entryCount: number;
  /** After the last link; undefined before the first look. */
  head: LogCursor | undefined;
  readsBegun: number;
  junction: Junction | undefined;
}

const endIndex = (tail: Tail<unknown>): number => tail.firstIndex + tail.links.length;

function append<T>(tail: Tail<T>, link: Link<T>): void {
  tail.links.push(link);
  tail.entryCount += link.entries.length;
  while (tail.entryCount > RECENT_MAX && tail.links.length > 1) {
    tail.entryCount -= tail.links[0]!.entries.length; // there is more than one
    tail.links.shift();
    tail.firstIndex += 1;
  }
}

/** Forgets everything; every reader is behind then. */
function forget(tail: Tail<unknown>): void {
  tail.firstIndex = endIndex(tail) + 1;
  tail.links = [];
  tail.entryCount = 0;
  tail.head = undefined;
  tail.junction = undefined;
}

/** Reads one page; true when more is there already. */
async function readOnce<T>(tail: Tail<T>, log: Log<T>): Promise<boolean> {
  tail.readsBegun += 1;
  const read = tail.readsBegun;
  if (tail.head === undefined) {
    tail.head = await log.now();
    tail.junction = { read, cursor: tail.head, index: endIndex(tail) };
    return false;
  }
  const page = await log.read(tail.head, PAGE_SIZE);
  tail.head = page.cursor;
  if (page.entries.length > 0) append(tail, page);
  if (!page.hasMore) tail.junction = { read, cursor: page.cursor, index: endIndex(tail) };
  return page.hasMore;
}

/**
 * Tails the log and keeps its recent end in memory. A reader is nothing but a place in it: one that is slow
 * falls behind, out of the recent end and back to the log, and costs no memory however slow it is.
 */
export function createLogHub<T>(options: {
  readonly source: Log<T>;
  readonly clock: Clock;
  readonly log: Logger;
}): LogHub<T> {
  const { source, clock, log } = options;
  const tail: Tail<T> = {
    links: [],
    firstIndex: 0,
    entryCount: 0,
    head: undefined,
    readsBegun: 0,
    junction: undefined,
  };
  const moved = createGate(clock);
  let pause = new AbortController();
  let isWoken = false;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  const isWatched = () => clock.monotonicMs() - askedAtMs < UNWATCHED_AFTER_MS;

  const look = async (signal: AbortSignal): Promise<boolean> => {
    try {
      return await readOnce(tail, source);
    } catch (error) {
      if (isTooOld(error)) forget(tail);
      log.warn({ err: error }, "the log can't be read; watches stand still");
      await clock.sleep(RETRY_PAUSE_MS, signal);
      return false;
    } finally {
      moved.open();
    }
  };

  const rest = (ms: number, signal: AbortSignal): Promise<void> => {
    pause = new AbortController();
    return clock.sleep(ms, AbortSignal.any([signal, pause.signal]));
  };

  const follow = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      if (!isWatched()) {
        // Catching up with a log nobody watched for long would take longer than beginning at its end.
        forget(tail);
        await rest(UNWATCHED_AFTER_MS, signal);
        continue;
      }
      isWoken = false;
      const hasMore = await look(signal);
      if (!hasMore && !isWoken) await rest(POLL_INTERVAL_MS, signal);
    }
  };

  const wake = (): void => {
    isWoken = true;
    pause.abort();
  };
  const ask = (): void => {
    const wasWatched = isWatched();
    askedAtMs = clock.monotonicMs();
    if (!wasWatched) wake();
  };

  return {
    start: () => startLoop(follow, (error) => log.error({ err: error }, "watches stopped")),
    wake: () => {
      if (isWatched()) wake();
    },
    openReader: (cursor) => createReader({ source, clock, tail, moved, wake, ask }, cursor),
  };
}

interface ReaderParts<T> {
  readonly source: Log<T>;
  readonly clock: Clock;
  readonly tail: Tail<T>;
  readonly moved: { wait(options: WaitOptions): Promise<void> };
  readonly wake: () => void;
  /** Says that someone watches. */
  readonly ask: () => void;
}

/** joined: reads the tail's links. behind: reads the log itself, up to a junction. */
type Place =
  | { readonly kind: "joined"; readonly index: number }
  | { readonly kind: "behind"; readonly since: number; readonly target: Junction | undefined };

function createReader<T>(parts: ReaderParts<T>, start: LogCursor): LogReader<T> {
  const { source, clock, tail, moved, wake, ask } = parts;
  let cursor = start;
  let place: Place = { kind: "behind", since: tail.readsBegun, target: undefined };

  const readJoined = (index: number): readonly T[] => {
    if (index < tail.firstIndex) {
      place = { kind: "behind", since: tail.readsBegun, target: undefined };
      return [];
    }
    const link = tail.links[index - tail.firstIndex];
    if (link === undefined) {
      cursor = tail.head ?? cursor;
      return [];
    }
    cursor = link.cursor;
    place = { kind: "joined", index: index + 1 };
    return link.entries;
  };

  const readBehind = async (target: Junction): Promise<readonly T[]> => {
    const page = await source.readBetween({ after: cursor, until: target.cursor }, PAGE_SIZE);
    cursor = page.cursor;
    place = page.hasMore
      ? { kind: "behind", since: target.read, target }
      : { kind: "joined", index: target.index };
    return page.entries;
  };

  const nextJunction = (since: number): Junction | undefined => {
    const { junction } = tail;
    return junction !== undefined && junction.read > since ? junction : undefined;
  };

  return {
    cursor: () => cursor,
    next: async ({ timeoutMs, signal }) => {
      const endMs = clock.monotonicMs() + timeoutMs;
      while (!signal.aborted) {
        ask();
        const before: Place = place;
        const target =
          before.kind === "behind" ? (before.target ?? nextJunction(before.since)) : undefined;
        if (before.kind === "behind" && target === undefined) wake();
        const entries =
          before.kind === "joined"
            ? readJoined(before.index)
            : target === undefined
              ? []
              : await readBehind(target);
        if (entries.length > 0) return entries;
        if (place !== before) continue;
        const leftMs = endMs - clock.monotonicMs();
        if (leftMs <= 0) return [];
        await moved.wait({ timeoutMs: leftMs, signal });
      }
      return [];
    },
  };
}
