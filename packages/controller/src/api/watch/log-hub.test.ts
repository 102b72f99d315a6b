import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "@switchyard/model";
import { ManualClock, seededRandom, silentLogger } from "@switchyard/runtime";
import type { Log, LogCursor, LogPage } from "@switchyard/store";
import { createLogHub } from "./log-hub.ts";

interface Entry {
  readonly key: number;
  readonly version: number;
}

/**
 * A log in memory whose cursors are opaque and all different, as snapshots of a busy database are: the
 * number of committed entries, and where that cursor was taken.
 */
function createLog(): Log<Entry> & { commit(entry: Entry): void; reads: number; floor: number } {
  const entries: Entry[] = [];
  let taken = 0;
  const cursorAt = (count: number): LogCursor => {
    taken += 1;
    return `${count}:${taken}` as LogCursor;
  };
  const countOf = (cursor: LogCursor): number => Number(cursor.split(":")[0]);
  const page = (from: number, until: number, limit: number): LogPage<Entry> => {
    if (from < log.floor) throw new StoreError("RESUME_TOKEN_TOO_OLD", "gone");
    const end = Math.min(from + limit, until);
    const hasMore = end < until;
    return { entries: entries.slice(from, end), cursor: cursorAt(end), hasMore };
  };
  const log = {
    reads: 0,
    floor: 0,
    commit: (entry: Entry) => void entries.push(entry),
    now: async () => cursorAt(entries.length),
    read: async (after: LogCursor, limit: number) => {
      log.reads += 1;
      return page(countOf(after), entries.length, limit);
    },
    readBetween: async (
      range: { readonly after: LogCursor; readonly until: LogCursor },
      limit: number,
    ) => {
      const got = page(countOf(range.after), countOf(range.until), limit);
      return got.hasMore ? got : { ...got, cursor: range.until };
    },
  };
  return log;
}

const signal = new AbortController().signal;
const AT_ONCE = { timeoutMs: 0, signal };

describe("createLogHub", () => {
  it("gives every reader every entry once and in order, whenever it came and however slow it is", async () => {
    const random = seededRandom(11);
    const source = createLog();
    const clock = new ManualClock();
    const hub = createLogHub({ source, clock, log: silentLogger });
    const running = hub.start();
    const readers: { reader: ReturnType<typeof hub.openReader>; pace: number; got: number[] }[] =
      [];
    let version = 0;
    for (let turn = 0; turn < 4_000; turn += 1) {
      for (let n = Math.floor(random.float() * 8); n > 0; n -= 1) {
        source.commit({ key: n, version });
        version += 1;
      }
      if (turn % 400 === 0) {
        const got = Array.from({ length: version }, (_, seen) => seen);
        const pace = turn === 0 ? 0.002 : random.float();
        readers.push({ reader: hub.openReader(await source.now()), pace, got });
      }
      if (random.float() < 0.3) await clock.advance(100);
      for (const { reader, pace, got } of readers) {
        if (random.float() < pace) got.push(...(await reader.next(AT_ONCE)).map((e) => e.version));
      }
    }
    await clock.advance(1_000);
    for (const { reader, got } of readers) {
      for (let idle = 0; idle < 5; ) {
        const entries = await reader.next(AT_ONCE);
        got.push(...entries.map((entry) => entry.version));
        if (entries.length === 0) {
          idle += 1;
          await clock.advance(100);
        }
      }
      assert.equal(got.length, version);
      assert.ok(got.every((seen, at) => seen === at));
    }
    await running.stop();
  });

  it("reads the log once for any number of readers at the present", async () => {
    const source = createLog();
    const clock = new ManualClock();
    const hub = createLogHub({ source, clock, log: silentLogger });
    const running = hub.start();
    const start = await source.now();
    const readers = Array.from({ length: 200 }, () => hub.openReader(start));
    await clock.advance(200);
    for (const reader of readers) await reader.next(AT_ONCE);
    const before = source.reads;
    source.commit({ key: 1, version: 1 });
    await clock.advance(100);
    for (const reader of readers) assert.equal((await reader.next(AT_ONCE)).length, 1);
    assert.ok(source.reads - before <= 2, `${source.reads - before} reads`);
    await running.stop();
  });

  it("wakes a waiting reader without waiting for the poll", async () => {
    const source = createLog();
    const clock = new ManualClock();
    const hub = createLogHub({ source, clock, log: silentLogger });
    const running = hub.start();
    const reader = hub.openReader(await source.now());
    await clock.advance(200);
    const news = reader.next({ timeoutMs: 60_000, signal });
    source.commit({ key: 1, version: 1 });
    hub.wake();
    assert.equal((await news).length, 1);
    await running.stop();
  });

  it("reads nothing while nobody watches, and gives a reader that comes back everything since", async () => {
    const source = createLog();
    const clock = new ManualClock();
    const hub = createLogHub({ source, clock, log: silentLogger });
    const running = hub.start();
    const reader = hub.openReader(await source.now());
    source.commit({ key: 1, version: 1 });
    const first = reader.next({ timeoutMs: 1_000, signal });
    await clock.advance(1_000);
    assert.equal((await first).length, 1);
    await clock.advance(60_000);
    const before = source.reads;
    for (let version = 2; version <= 10; version += 1) {
      source.commit({ key: 1, version });
      hub.wake();
      await clock.advance(10_000);
    }
    assert.equal(source.reads, before);
    const got: number[] = [];
    while (got.length < 9) {
      const news = reader.next({ timeoutMs: 1_000, signal });
      await clock.advance(1_000);
      got.push(...(await news).map(({ version }) => version));
    }
    assert.deepEqual(got, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await running.stop();
  });

  it("tells a reader whose cursor is too old, and goes on for the others", async () => {
    const source = createLog();
    const clock = new ManualClock();
    const hub = createLogHub({ source, clock, log: silentLogger });
    const running = hub.start();
    const old = hub.openReader(await source.now());
    source.commit({ key: 1, version: 1 });
    source.floor = 1;
    const refused = assert.rejects(
      old.next({ timeoutMs: 60_000, signal }),
      (error) => error instanceof StoreError && error.reason === "RESUME_TOKEN_TOO_OLD",
    );
    for (let turn = 0; turn < 100; turn += 1) await clock.advance(100);
    await refused;
    const fresh = hub.openReader(await source.now());
    source.commit({ key: 1, version: 2 });
    const news = fresh.next({ timeoutMs: 10_000, signal });
    for (let turn = 0; turn < 100; turn += 1) await clock.advance(100);
    assert.deepEqual(await news, [{ key: 1, version: 2 }]);
    await running.stop();
  });
});
