import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { deltaOf, type Inventory, inventoryDigest } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { buildBareR740, testSeed } from "@switchyard/testkit";
import { enrollHost, readyHost, startTestStore, type TestStore } from "../testing/test-store.ts";
import type { HostRecord, InventoryUpdate } from "./host-record.ts";

let test: TestStore;
before(async () => {
  test = await startTestStore();
});
after(() => test.stop());

/** A session later than the one that test hosts have their first inventory of. */
const updateOf = (host: HostRecord, version: number, session = 2) => ({
  host: host.id,
  hostEpoch: host.hostEpoch,
  session: `session-${session}`,
  sessionStartAtMs: session * 1_000,
  version,
});
const seen = (inventory: Inventory) => ({ inventory, digest: inventoryDigest(inventory) });
const bare = buildBareR740();
const withModules = (modules: readonly string[], observedAtMs: number): Inventory => ({
  ...bare,
  modules,
  observedAtMs,
});
const stored = async ({ id }: HostRecord) => (await test.store.reads.hosts.get(id)).inventory;

describe("deltas of an inventory", () => {
  it("change what changed, and the time of the look", async () => {
    const host = await readyHost(test.store, "delta-01");
    const now = withModules(["mlx5_core"], 9_000);
    const delta = deltaOf(seen(bare), seen(now));
    const outcome = await test.store.presence.recordInventory({ ...updateOf(host, 1), delta });
    assert.equal(outcome.kind, "applied");
    assert.deepEqual(await stored(host), now);
  });

  it("that say that nothing changed write no inventory and tell no watcher", async () => {
    const host = await readyHost(test.store, "delta-02");
    const cursor = await test.store.changes.now();
    const { etag } = await test.store.reads.hosts.get(host.id);
    const delta = deltaOf(seen(bare), seen({ ...bare, observedAtMs: 9_000 }));
    const update = { ...updateOf(host, 1), delta };
    assert.equal((await test.store.presence.recordInventory(update)).kind, "unchanged");
    assert.deepEqual(await stored(host), { ...bare, observedAtMs: 9_000 });
    assert.deepEqual((await test.store.changes.read(cursor, 10)).entries, []);
    assert.equal((await test.store.reads.hosts.get(host.id)).etag, etag);
    assert.equal(await test.store.reads.hosts.findObservedAtMs(host.id), 9_000);
    const again = await test.store.presence.recordInventory(update);
    assert.deepEqual(again, { kind: "ignored", why: "stale" });
  });

  it("against an inventory that is not there ask for the whole", async () => {
    const host = await readyHost(test.store, "delta-03");
    const [other, now] = [withModules(["a"], 2), withModules(["a", "b"], 3)];
    const record = (delta: InventoryUpdate["delta"], to = host) =>
      test.store.presence.recordInventory({ ...updateOf(to, 1), ...(delta && { delta }) });
    assert.deepEqual(await record(deltaOf(seen(other), seen(now))), { kind: "needs-whole" });
    assert.deepEqual(await record(deltaOf(seen(other), seen(other))), { kind: "needs-whole" });
    const lying = { ...deltaOf(seen(bare), seen(now)), digest: "0".repeat(64) };
    assert.deepEqual(await record(lying), { kind: "needs-whole" });
    assert.deepEqual(await stored(host), bare);
    const fresh = await enrollHost(test.store, "delta-04");
    const first = deltaOf(seen(bare), seen(bare));
    assert.deepEqual(await record(first, fresh), { kind: "needs-whole" });
  });

  it("give an inventory that an agent saw, whatever is lost, doubled or late", async () => {
    const random = seededRandom(testSeed());
    const pick = (below: number) => Math.floor(random.float() * below);
    const host = await enrollHost(test.store, "delta-05");
    const sent: InventoryUpdate[] = [];
    const known = new Map<string, Inventory>();
    let base: ReturnType<typeof seen> | undefined;
    let session = 2;
    let version = 0;
    let isAskedForWhole = false;
    for (let round = 0; round < 150; round += 1) {
      // The agent: starts anew now and then, looks, and publishes a delta unless it was asked for the whole.
      if (pick(20) === 0) {
        session += 1;
        version = 0;
        base = undefined;
      }
      version += 1;
      const modules = ["a", "b", "c"].filter(() => pick(2) === 0);
      const now = seen(withModules(modules, round + 10));
      known.set(`${session} ${version}`, now.inventory);
      const isWhole = base === undefined || isAskedForWhole;
      sent.push({
        ...updateOf(host, version, session),
        ...(isWhole ? { inventory: now.inventory } : { delta: deltaOf(base!, now) }), // not whole: there is a base
      });
      base = now;
      isAskedForWhole = false;
      // The bus: loses some, and gives others late or again.
      const arriving = [0, 1, 2].flatMap(() => sent[sent.length - 1 - pick(5)] ?? []);
      for (const update of arriving.filter(() => pick(4) > 0)) {
        const { kind } = await test.store.presence.recordInventory(update);
        isAskedForWhole ||= kind === "needs-whole";
      }
      const record = await test.store.reads.hosts.get(host.id);
      if (record.inventory === undefined) continue;
      const { inventorySession = "", inventoryVersion } = record;
      const at = `${inventorySession.replace("session-", "")} ${inventoryVersion}`;
      assert.deepEqual(record.inventory, known.get(at), `in round ${round}`);
    }
    const last = sent.at(-1)!; // 150 rounds sent something
    const whole = known.get(`${session} ${version}`)!; // the last one is among them
    const { delta: _, ...update } = last;
    await test.store.presence.recordInventory({ ...update, inventory: whole });
    assert.deepEqual(await stored(host), whole);
  });
});
