import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, seededRandom, silentLogger } from "@switchyard/runtime";
import { type Change, type ChangeSource, createChangeHub } from "./change-hub.ts";
import { beforeTransaction, comparePositions, type Position } from "./position.ts";

/** A log in memory where transactions commit out of order, as in Postgres. */
function createLog(): ChangeSource & {
  begin(): bigint;
  write(xid: bigint, key: string): void;
  commit(xid: bigint): void;
} {
  let nextXid = 1n;
  let nextSeq = 1n;
  const open = new Set<bigint>();
  const written: Change[] = [];
  const horizon = (): bigint => [...open].sort((a, b) => (a < b ? -1 : 1))[0] ?? nextXid;
  return {
    begin: () => {
      const xid = nextXid;
      nextXid += 1n;
      open.add(xid);
      return xid;
    },
    write: (xid, key) => {
      written.push({ xid, seq: nextSeq, kind: "vm", key, op: "updated", body: Number(nextSeq) });
      nextSeq += 1n;
    },
    commit: (xid) => void open.delete(xid),
    readHorizon: async () => horizon(),
    readChanges: async ({ after, limit }) => {
      const below = horizon();
      const changes = written
        .filter((change) => change.xid < below && comparePositions(change, after) > 0)
        .sort(comparePositions)
        .slice(0, limit);
      return { changes, horizon: below };
    },
  };
}

const start: Position = beforeTransaction(0n);

describe("createChangeHub", () => {
  it("gives every watcher every committed change once and in order, however transactions overlap", async () => {
    const random = seededRandom(7);
    const log = createLog();
    const clock = new ManualClock();
    const hub = createChangeHub({ source: log, clock, log: silentLogger });
    const running = hub.start();
    const open: bigint[] = [];
    let count = 0;
    const watchers = [
      { pace: 1, cursor: start, got: [] as Change[] },
      { pace: 0.05, cursor: start, got: [] as Change[] },
    ];
    const pullAll = async (watcher: (typeof watchers)[number]): Promise<void> => {
      const slice = await hub.pull(watcher.cursor);
      watcher.got.push(...slice.changes);
      watcher.cursor = slice.next;
    };
    for (let turn = 0; turn < 3_000; turn += 1) {
      const xid = log.begin();
      open.push(xid);
      const writer = open[Math.floor(random.float() * open.length)]!;
      log.write(writer, `vm-${turn % 9}`);
      count += 1;
      while (open.length > 5 * random.float()) {
        log.commit(open.splice(Math.floor(random.float() * open.length), 1)[0]!);
      }
      if (turn % 10 === 0) await clock.advance(100);
      for (const watcher of watchers) if (random.float() < watcher.pace) await pullAll(watcher);
    }
    for (const xid of open) log.commit(xid);
    await clock.advance(1_000);
    for (const watcher of watchers) {
      for (let page = 0; page < 10; page += 1) await pullAll(watcher);
      assert.equal(watcher.got.length, count);
      const sorted = [...watcher.got].sort(comparePositions);
      assert.deepEqual(watcher.got, sorted);
    }
    await running.stop();
  });

  it("moves the cursor of an idle watcher along with the horizon", async () => {
    const log = createLog();
    const clock = new ManualClock();
    const hub = createChangeHub({ source: log, clock, log: silentLogger });
    const running = hub.start();
    for (let n = 0; n < 20; n += 1) log.commit(log.begin());
    await clock.advance(200);
    const { changes, next } = await hub.pull(start);
    assert.deepEqual(changes, []);
    assert.ok(comparePositions(next, beforeTransaction(21n)) === 0, `${next.xid}`);
    await running.stop();
  });

  it("wakes a waiting watcher when a change comes in, without waiting for the poll", async () => {
    const log = createLog();
    const clock = new ManualClock();
    const hub = createChangeHub({ source: log, clock, log: silentLogger });
    const running = hub.start();
    await clock.advance(100);
    const { next } = await hub.pull(start);
    const signal = new AbortController().signal;
    const news = hub.waitForNews(next, { timeoutMs: 60_000, signal });
    const xid = log.begin();
    log.write(xid, "vm-1");
    log.commit(xid);
    hub.wake();
    await news;
    assert.equal((await hub.pull(next)).changes.length, 1);
    await running.stop();
  });
});
