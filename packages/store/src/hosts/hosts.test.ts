import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseHostId, parseIpv4Address, parseProfileId } from "@switchyard/model";
import { buildBareR740, slotMac } from "@switchyard/testkit";
import type { Store, Transaction } from "../store.ts";
import {
  ACCEPTED,
  createNoop,
  enrollHost,
  eventsOf,
  PF,
  profileSpec,
  readyHost,
  SUCCEEDED,
  startTestStore,
  type TestStore,
  uuid,
  write,
} from "../testing/test-store.ts";
import type { HostRecord } from "./host-record.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
});
after(() => test.stop());

const tokenFor = async (name: string, change: { readonly allowReenroll?: boolean } = {}) => {
  const hash = uuid();
  await write(store, (tx) =>
    tx.hosts.createEnrollmentToken({
      host: parseHostId(name),
      hash,
      ttlMs: 60_000,
      labels: { rack: "a" },
      allowReenroll: change.allowReenroll ?? false,
    }),
  );
  return hash;
};

const enroll = (name: string, tokenHash: string, nkeyPublic = "U1") =>
  write(store, (tx) =>
    tx.hosts.enroll({
      host: parseHostId(name),
      tokenHash,
      nkeyPublic,
      agentVersion: "0.1.0",
      shard: 1,
    }),
  );

describe("enrolment", () => {
  it("takes a token once, and answers its own agent again", async () => {
    const token = await tokenFor("once-01");
    const first = await enroll("once-01", token);
    assert.equal(first.host.hostEpoch, 1);
    assert.deepEqual((await enroll("once-01", token)).host.hostEpoch, 1);
    await assert.rejects(enroll("once-01", token, "U2"), { reason: "TOKEN_INVALID" });
  });

  it("lets one of two agents with the same token in", async () => {
    const token = await tokenFor("race-01");
    const tries = await Promise.allSettled([
      enroll("race-01", token, "U1"),
      enroll("race-01", token, "U2"),
    ]);
    assert.deepEqual(tries.map((each) => each.status).sort(), ["fulfilled", "rejected"]);
  });

  it("refuses a token of another host, an expired and an unknown one", async () => {
    const token = await tokenFor("mine-01");
    await assert.rejects(enroll("other-01", token), { reason: "TOKEN_INVALID" });
    await assert.rejects(enroll("mine-01", "unknown"), { reason: "TOKEN_INVALID" });
    await test.query("UPDATE enrollment_tokens SET expires_at = now() WHERE hash = $1", [token]);
    await assert.rejects(enroll("mine-01", token), { reason: "TOKEN_INVALID" });
  });

  it("raises the epoch when a host comes again, and only where that was allowed", async () => {
    await enroll("again-01", await tokenFor("again-01"));
    await assert.rejects(tokenFor("again-01"), { reason: "NAME_TAKEN" });
    const { host } = await enroll("again-01", await tokenFor("again-01", { allowReenroll: true }));
    assert.equal(host.hostEpoch, 2);
  });

  it("fences what the older enrolment had accepted and hands on what is still pending", async () => {
    const host = await enrollHost(store, "fenced-01");
    const accepted = await createNoop(store, host.id);
    const pending = await createNoop(store, host.id);
    await store.dispatch.claimOutbox(256);
    await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job: accepted }, 1, [ACCEPTED]),
    ]);
    await enrollHost(store, "fenced-01");
    assert.equal((await store.reads.jobs.get(accepted)).state, "needs-operator");
    assert.equal((await store.reads.jobs.get(pending)).state, "pending");
    const late = eventsOf({ host: host.id, job: pending }, 1, [ACCEPTED, SUCCEEDED]);
    assert.deepEqual(await store.dispatch.applyEventBatches([late]), [
      { kind: "stale", why: "wrong-host-epoch" },
    ]);
    await store.dispatch.resendUnaccepted([host.id]);
    const claimed = await store.dispatch.claimOutbox(256);
    assert.equal(claimed.find((out) => out.job === pending)?.hostEpoch, 2);
  });
});

describe("inventories", () => {
  const report = (host: HostRecord, change: object) =>
    store.presence.recordInventory({
      host: host.id,
      hostEpoch: host.hostEpoch,
      session: "s1",
      sessionStartAtMs: 1_000,
      version: 1,
      inventory: buildBareR740(),
      ...change,
    });

  it("make an enrolled host ready, and older ones are ignored", async () => {
    const host = await enrollHost(store, "inventory-01");
    const first = await report(host, { version: 3 });
    assert.equal(first.kind === "applied" && first.host.state, "ready");
    assert.equal(first.kind === "applied" && first.host.kind, "simulated");
    const stale = { kind: "ignored", why: "stale" };
    assert.deepEqual(await report(host, { version: 3 }), stale);
    assert.deepEqual(
      await report(host, { session: "s0", sessionStartAtMs: 500, version: 9 }),
      stale,
    );
    const restarted = await report(host, { session: "s2", sessionStartAtMs: 2_000, version: 1 });
    assert.equal(restarted.kind, "applied");
    assert.deepEqual(await report(host, { hostEpoch: 7, version: 99 }), {
      kind: "ignored",
      why: "wrong-epoch",
    });
    assert.deepEqual(await report(host, { host: parseHostId("nobody") }), {
      kind: "ignored",
      why: "unknown-host",
    });
  });
});

describe("heartbeats", () => {
  const beat = (host: HostRecord, bootId = "b1") => ({
    host: host.id,
    hostEpoch: host.hostEpoch,
    session: "s1",
    bootId,
    agentVersion: "0.1.0",
  });

  it("reach the change log only when a host's state changes", async () => {
    const host = await readyHost(store, "beat-01");
    const cursor = await store.changes.now();
    await store.presence.recordBeats([beat(host), beat(host)]);
    assert.deepEqual((await store.changes.read(cursor, 10)).entries, []);
    assert.ok((await store.reads.hosts.get(host.id)).lastSeenAtMs !== undefined);

    const silent = "UPDATE host_presence SET last_seen_at = now() - interval '1 h' WHERE host = $1";
    await test.query(silent, [host.id]);
    const limits = { suspectAfterMs: 60_000, lostAfterMs: 600_000 };
    assert.ok((await store.presence.sweep(limits)).suspected.includes(host.id));
    assert.ok((await store.presence.sweep(limits)).lost.includes(host.id));
    assert.deepEqual((await store.presence.recordBeats([beat(host)])).returned, [host.id]);
    const { entries } = await store.changes.read(cursor, 10);
    const states = entries
      .filter((entry) => entry.kind === "hosts" && entry.key === host.id)
      .map((entry) => (entry.kind === "hosts" ? entry.record.state : ""));
    assert.deepEqual(states, ["suspect", "lost", "ready"]);
  });

  it("of an older enrolment are ignored, and a new boot id is told", async () => {
    const host = await readyHost(store, "beat-02");
    await store.presence.recordBeats([{ ...beat(host), hostEpoch: 0 }]);
    assert.equal((await store.reads.hosts.get(host.id)).lastSeenAtMs, undefined);
    await store.presence.recordBeats([beat(host, "b1")]);
    assert.deepEqual((await store.presence.recordBeats([beat(host, "b2")])).rebooted, [host.id]);
  });
});

describe("labels", () => {
  it("change only under the etag that was read", async () => {
    const host = await enrollHost(store, "label-01");
    const change = { id: host.id, etag: host.etag, labels: { rack: "z" } };
    const updated = await write(store, (tx) => tx.hosts.updateLabels(change));
    assert.deepEqual(updated.labels, { rack: "z" });
    assert.notEqual(updated.etag, host.etag);
    await assert.rejects(
      write(store, (tx) => tx.hosts.updateLabels(change)),
      {
        reason: "ETAG_STALE",
      },
    );
    assert.deepEqual(await store.reads.hosts.listMatching({ rack: "z" }), [host.id]);
    assert.deepEqual(await store.reads.hosts.listMatching({}), []);
  });

  it("are kept as they were by a dry run", async () => {
    const host = await enrollHost(store, "label-02");
    const result = await store.transaction({ actor: "users/ada", isDryRun: true }, (tx) =>
      tx.hosts.updateLabels({ id: host.id, etag: "", labels: { dry: "run" } }),
    );
    assert.deepEqual(result.labels, { dry: "run" });
    assert.deepEqual((await store.reads.hosts.get(host.id)).labels, { rack: "a" });
  });
});

describe("slots", () => {
  const reserve = (host: HostRecord, macs: readonly number[], fixed?: number) => {
    const proposals = [...macs];
    return write(store, (tx) =>
      tx.hosts.reserveSlots({
        host: host.id,
        pf: PF,
        slots: [{ vfIndex: 0, fixedMac: fixed === undefined ? undefined : slotMac(fixed) }],
        proposeMac: () => slotMac(proposals.shift() ?? 0xffff),
      }),
    );
  };

  it("get a MAC that nobody in the fleet has, and keep it", async () => {
    const [first, second] = [await readyHost(store, "slot-01"), await readyHost(store, "slot-02")];
    assert.deepEqual(await reserve(first, [1]), [{ vfIndex: 0, mac: slotMac(1) }]);
    assert.deepEqual(await reserve(second, [1, 1, 2]), [{ vfIndex: 0, mac: slotMac(2) }]);
    assert.deepEqual(await reserve(second, [3]), [{ vfIndex: 0, mac: slotMac(2) }]);
  });

  it("refuse a fixed MAC that is in use elsewhere", async () => {
    const host = await readyHost(store, "slot-03");
    await assert.rejects(reserve(host, [], 1), { reason: "MAC_TAKEN" });
    assert.deepEqual(await reserve(host, [], 33), [{ vfIndex: 0, mac: slotMac(33) }]);
  });

  it("never share a MAC when hosts race for the same proposals", async () => {
    const hosts = [];
    for (let index = 0; index < 6; index += 1)
      hosts.push(await readyHost(store, `race-slot-${index}`));
    const reserved = await Promise.all(
      hosts.map((host) => reserve(host, [50, 51, 52, 53, 54, 55])),
    );
    assert.equal(new Set(reserved.flat().map((slot) => slot.mac)).size, 6);
  });
});

describe("bridge addresses", () => {
  const range = {
    first: parseIpv4Address("192.168.101.2"),
    last: parseIpv4Address("192.168.101.4"),
    prefixLength: 24,
  };

  it("are one per host, the lowest free ones, kept, and bounded by the range", async () => {
    const hosts = [];
    for (let index = 0; index < 4; index += 1)
      hosts.push(await readyHost(store, `bridge-${index}`));
    const reserve = (host: HostRecord) =>
      write(store, (tx) =>
        tx.hosts.reserveBridgeAddress({ host: host.id, bridge: "br-addresses", range }),
      );
    const raced = await Promise.all(hosts.slice(0, 3).map(reserve));
    assert.deepEqual([...raced].sort(), [
      "192.168.101.2/24",
      "192.168.101.3/24",
      "192.168.101.4/24",
    ]);
    assert.equal(await reserve(hosts[0]!), raced[0]);
    await assert.rejects(reserve(hosts[3]!), { reason: "BRIDGE_ADDRESS_POOL_EXHAUSTED" });
  });

  it("are told to a host that has one while another host chooses its own", async () => {
    const [first, second] = [
      await readyHost(store, "chooser-1"),
      await readyHost(store, "chooser-2"),
    ];
    const reserve = (tx: Transaction, host: HostRecord) =>
      tx.hosts.reserveBridgeAddress({ host: host.id, bridge: "br-choosing", range });
    const known = await write(store, (tx) => reserve(tx, first));
    await write(store, async (choosing) => {
      await reserve(choosing, second);
      // The other transaction holds the bridge until it has ended, which is after this.
      assert.equal(await write(store, (tx) => reserve(tx, first)), known);
    });
  });
});

describe("profiles", () => {
  it("raise their generation with every change and refuse a stale etag", async () => {
    const id = parseProfileId("gen");
    const created = await write(store, (tx) => tx.profiles.create({ id, spec: profileSpec }));
    assert.equal(created.generation, 1);
    await assert.rejects(
      write(store, (tx) => tx.profiles.create({ id, spec: profileSpec })),
      {
        reason: "NAME_TAKEN",
      },
    );
    const change = { id, etag: created.etag, spec: profileSpec };
    assert.equal((await write(store, (tx) => tx.profiles.update(change))).generation, 2);
    await assert.rejects(
      write(store, (tx) => tx.profiles.update(change)),
      {
        reason: "ETAG_STALE",
      },
    );
  });

  it("stay while a host is at them", async () => {
    const id = parseProfileId("used");
    await write(store, (tx) => tx.profiles.create({ id, spec: profileSpec }));
    const host = await readyHost(store, "profile-01");
    await write(store, (tx) =>
      tx.hosts.setApplied({ id: host.id, generation: 1, profile: id, desired: undefined }),
    );
    const remove = () => write(store, (tx) => tx.profiles.remove({ id, etag: "" }));
    await assert.rejects(remove(), { reason: "RESOURCE_IN_USE" });
    const bare = { id: host.id, generation: 2, profile: undefined, desired: undefined };
    await write(store, (tx) => tx.hosts.setApplied(bare));
    assert.equal((await remove()).id, id);
  });
});

describe("setApplied", () => {
  it("never goes back to a lower generation", async () => {
    const host = await readyHost(store, "applied-01");
    const apply = (generation: number) =>
      write(store, (tx) =>
        tx.hosts.setApplied({ id: host.id, generation, profile: undefined, desired: undefined }),
      );
    await apply(3);
    assert.equal((await apply(2)).appliedGeneration, 3);
  });
});
