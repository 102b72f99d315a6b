import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseHostId } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import type { Store } from "../store.ts";
import { enrollHost, startTestStore, type TestStore, write } from "../testing/test-store.ts";
import type { LogCursor } from "./change.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
  for (const name of ["a", "b", "c"]) await enrollHost(store, name);
});
after(() => test.stop());

const label = (name: string, value: string) =>
  write(store, (tx) =>
    tx.hosts.updateLabels({ id: parseHostId(name), etag: "", labels: { value } }),
  );

const INSERT = `INSERT INTO changes (kind, key, operation, record) VALUES ('hosts', $1, 'updated', '{}')`;

/** All keys after a cursor, page by page. */
async function keysAfter(start: LogCursor, limit = 100) {
  const keys: string[] = [];
  let cursor = start;
  for (let more = true; more; ) {
    const page = await store.changes.read(cursor, limit);
    keys.push(...page.entries.map((entry) => entry.key));
    cursor = page.cursor;
    more = page.hasMore;
  }
  return { keys, cursor };
}

describe("the change log", () => {
  it("delivers a transaction that commits late, after ones that began later and were read", async () => {
    const start = await store.changes.now();
    const slow = await test.connect();
    await slow.query("BEGIN");
    await slow.query(INSERT, ["slow"]);
    await label("a", "1");
    const first = await keysAfter(start);
    assert.deepEqual(first.keys, ["a"]);
    await slow.query("COMMIT");
    const second = await keysAfter(first.cursor);
    assert.deepEqual(second.keys, ["slow"]);
    assert.deepEqual((await keysAfter(second.cursor)).keys, []);
  });

  it("delivers nothing of a transaction that was rolled back", async () => {
    const start = await store.changes.now();
    const failed = await test.connect();
    await failed.query("BEGIN");
    await failed.query(INSERT, ["ghost"]);
    await failed.query("ROLLBACK");
    await label("a", "2");
    assert.deepEqual((await keysAfter(start)).keys, ["a"]);
  });

  it("orders the changes of one key as they were committed, though the first began last", async () => {
    const start = await store.changes.now();
    // The second change of `b` is made by a transaction that got its number before the first one's.
    const entered = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const second = store.transaction({ actor: "users/ada" }, async (tx) => {
      await tx.hosts.raiseDesiredGeneration(parseHostId("c"));
      entered.resolve();
      await released.promise;
      return tx.hosts.updateLabels({ id: parseHostId("b"), etag: "", labels: { value: "second" } });
    });
    await entered.promise;
    await label("b", "first");
    released.resolve();
    await second;
    const { entries } = await store.changes.read(start, 10);
    const values = entries
      .filter((entry) => entry.key === "b")
      .map((entry) => (entry.kind === "hosts" ? entry.record.labels["value"] : ""));
    assert.deepEqual(values, ["first", "second"]);
  });

  it("goes on in pages of any size without losing or repeating", async () => {
    const start = await store.changes.now();
    for (let index = 0; index < 7; index += 1) await label("a", `page-${index}`);
    for (const limit of [1, 2, 3, 7, 8]) {
      assert.equal((await keysAfter(start, limit)).keys.length, 7);
    }
    const half = await store.changes.read(start, 3);
    await label("b", "later");
    const rest = await keysAfter(half.cursor, 2);
    assert.deepEqual(rest.keys, ["a", "a", "a", "a", "b"]);
  });

  it("catches up with another reader's position exactly", async () => {
    const start = await store.changes.now();
    await label("a", "x");
    await label("b", "x");
    const until = await store.changes.now();
    await label("c", "x");
    const first = await store.changes.readBetween({ after: start, until }, 1);
    assert.deepEqual([first.entries[0]?.key, first.hasMore], ["a", true]);
    const last = await store.changes.readBetween({ after: first.cursor, until }, 10);
    assert.deepEqual(
      [last.entries.map((entry) => entry.key), last.hasMore, last.cursor],
      [["b"], false, until],
    );
  });

  it("takes up where a snapshot ends, though transactions run meanwhile", async () => {
    const slow = await test.connect();
    await slow.query("BEGIN");
    await slow.query(INSERT, ["slow"]);
    await label("a", "seen");
    const { cursor, labels } = await store.snapshot(async (reads, position) => ({
      cursor: position,
      labels: (await reads.hosts.get(parseHostId("a"))).labels,
    }));
    assert.deepEqual(labels, { value: "seen" });
    await label("b", "after");
    await slow.query("COMMIT");
    assert.deepEqual((await keysAfter(cursor)).keys.sort(), ["b", "slow"]);
  });

  it("gives every reader the same table in the end, whatever runs side by side", async () => {
    const random = seededRandom(testSeed());
    const start = await store.changes.now();
    const seen = new Map<string, unknown>();
    let cursor = start;
    let isWriting = true;
    const reading = (async () => {
      for (let isOver = false; !isOver; ) {
        // What is written while a page is read is on the next one.
        const mayMoreCome = isWriting;
        const page = await store.changes.read(cursor, 5);
        for (const entry of page.entries) seen.set(entry.key, entry.record);
        cursor = page.cursor;
        isOver = !mayMoreCome && !page.hasMore && page.entries.length === 0;
      }
    })();
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let index = 0; index < 25; index += 1) {
        const name = ["a", "b", "c"][Math.floor(random.float() * 3)]!;
        await label(name, `${writer}-${index}`);
      }
    });
    await Promise.all(writers);
    isWriting = false;
    await reading;
    for (const [key, record] of seen) {
      const { labels, etag } = await store.reads.hosts.get(parseHostId(key));
      const last = record as { labels: unknown; etag: string };
      assert.deepEqual([last.labels, last.etag], [labels, etag]);
    }
  });

  it("refuses a cursor that is none, and one whose changes were removed", async () => {
    for (const text of ["", "x", "5:4:", "1:2:|x|0", "1:2:7", "1:2:|1:2:|-1"]) {
      await assert.rejects(store.changes.read(text as LogCursor, 1), {
        reason: "RESUME_TOKEN_INVALID",
      });
    }
    const start = await store.changes.now();
    await test.query("UPDATE log_watermarks SET xid = pg_current_xact_id() WHERE log = 'changes'");
    await assert.rejects(store.changes.read(start, 1), { reason: "RESUME_TOKEN_TOO_OLD" });
    await label("a", "fresh");
    const { entries } = await store.changes.read(await store.changes.now(), 1);
    assert.deepEqual(entries, []);
  });
});

describe("the event log", () => {
  it("follows the audit as it is written", async () => {
    const start = await store.eventLog.now();
    await label("a", "audited");
    const { entries } = await store.eventLog.read(start, 10);
    assert.deepEqual(
      entries.map((event) => [event.actor, event.action, event.resource]),
      [["users/ada", "host.update-labels", "hosts/a"]],
    );
  });
});
