import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { REASONS } from "@switchyard/model";
import type { HostRecord } from "../hosts/host-record.ts";
import { readyHost, startTestStore, type TestStore, write } from "../testing/test-store.ts";

/** A tenth of it is 4. */
const HOSTS = 40;
const LIMITS = { suspectAfterMs: 60_000, lostAfterMs: 60_000 };

describe("the freeze of a fleet", () => {
  let test: TestStore;
  let hosts: readonly HostRecord[];

  before(async () => {
    test = await startTestStore();
    const names = Array.from({ length: HOSTS }, (_, index) => `host-${index + 10}`);
    hosts = await Promise.all(names.map((name) => readyHost(test.store, name)));
  });
  after(() => test.stop());

  const named = (from: number, to: number) => hosts.slice(from, to).map(({ id }) => id);
  /** Beats of the hosts; all others have been silent for long. */
  const beatOf = async (from: number, to: number) => {
    await test.store.presence.recordBeats(
      hosts.slice(from, to).map(({ id: host, hostEpoch }) => ({
        ...{ host, hostEpoch, session: "s1", bootId: "b1", agentVersion: "0.1.0" },
      })),
    );
  };
  const silence = async (from: number, to: number) => {
    await test.query(
      "UPDATE host_presence SET last_seen_at = now() - interval '1 h' WHERE host = ANY($1)",
      [named(from, to)],
    );
  };
  /** A host is suspect in one sweep and lost in the next at the earliest. */
  const sweepTwice = async () => {
    await test.store.presence.sweep(LIMITS);
    return test.store.presence.sweep(LIMITS);
  };
  const audits = async () => {
    const { items } = await test.store.reads.events.list({ size: 500, after: undefined });
    return items.filter(({ resource }) => resource === "fleet").map(({ action }) => action);
  };

  it("does not come for a tenth of the hosts", async () => {
    await beatOf(0, HOSTS);
    await silence(0, 4);
    const { lost, freeze } = await sweepTwice();
    assert.equal(lost.length, 4);
    assert.equal(freeze, undefined);
    assert.equal(await test.store.reads.freeze.find(), undefined);
  });

  it("comes with one more, once however many controllers see it", async () => {
    await silence(4, 5);
    await test.store.presence.sweep(LIMITS);
    const reports = await Promise.all([1, 2, 3].map(() => test.store.presence.sweep(LIMITS)));
    assert.equal(reports.filter(({ isFreezeChanged }) => isFreezeChanged).length, 1);
    const freeze = await test.store.reads.freeze.find();
    assert.deepEqual(
      [freeze?.cause, freeze?.lostCount, freeze?.hostCount, freeze?.liftAtCount],
      ["hosts-lost", 5, HOSTS, 4],
    );
    const fleet = await test.store.reads.freeze.getFleet();
    assert.deepEqual(fleet.lostHosts, named(0, 5));
    assert.equal(fleet.counts.ready, HOSTS - 5);
    assert.deepEqual(await audits(), ["fleet.freeze"]);
  });

  it("is lifted by itself once enough hosts are back", async () => {
    await beatOf(0, 1);
    const { freeze, isFreezeChanged } = await test.store.presence.sweep(LIMITS);
    assert.equal(freeze, undefined);
    assert.equal(isFreezeChanged, true);
    assert.deepEqual(await audits(), ["fleet.unfreeze", "fleet.freeze"]);
  });

  it("stays while the hosts do, also when the minute is over", async () => {
    await silence(0, 1);
    assert.notEqual((await sweepTwice()).freeze, undefined);
    const later = "UPDATE fleet_freeze SET frozen_at = frozen_at - interval '1 h'";
    await test.query(later);
    await test.query(
      "UPDATE hosts SET state_changed_at = state_changed_at - interval '1 h' WHERE state = 'lost'",
    );
    assert.notEqual((await test.store.presence.sweep(LIMITS)).freeze, undefined);
  });

  it("is lifted by whoever knows of the hosts, which then freeze nothing any more", async () => {
    await write(test.store, (tx) => tx.freeze.lift("the rack was switched off"));
    assert.equal((await test.store.presence.sweep(LIMITS)).freeze, undefined);
    await assert.rejects(
      write(test.store, (tx) => tx.freeze.lift("again")),
      { reason: "FLEET_NOT_FROZEN" satisfies keyof typeof REASONS },
    );
    await silence(5, 9);
    assert.equal((await sweepTwice()).freeze, undefined, "4 more are no more than a tenth");
    await silence(9, 10);
    assert.equal((await sweepTwice()).freeze?.lostCount, 5, "those that are known do not count");
  });
});
