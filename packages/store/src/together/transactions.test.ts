import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type HostDesired,
  type HostId,
  type JobId,
  type MacAddress,
  type PlanId,
  parseHostId,
  parseIpv4Address,
  parseProfileId,
  parseRolloutId,
  StoreError,
} from "@switchyard/model";
import { slotMac } from "@switchyard/testkit";
import type { Transaction } from "../store.ts";
import { rolloutDraft } from "../testing/rollout-draft.ts";
import {
  newJobId,
  PF,
  profileSpec,
  readyHost,
  startTestStore,
  type TestStore,
  uuid,
  write,
} from "../testing/test-store.ts";

const ROLLOUT = parseRolloutId("all");
const PROFILE = parseProfileId("blue");
const NAMES = ["a", "b", "c", "d"].map((name) => parseHostId(`host-${name}`));
const [A, B, C, D] = NAMES as [HostId, HostId, HostId, HostId];
const RANGE = {
  first: parseIpv4Address("192.168.101.2"),
  last: parseIpv4Address("192.168.101.9"),
  prefixLength: 24,
};
const ACTOR = { actor: "controller/rollout" };

describe("transactions", () => {
  let test: TestStore;
  before(async () => {
    test = await startTestStore();
    for (const name of NAMES) await readyHost(test.store, name);
    await write(test.store, async (tx) => {
      await tx.profiles.create({ id: PROFILE, spec: profileSpec });
      await tx.rollouts.create(rolloutDraft("all", new Map([[PROFILE, NAMES]])));
    });
  });
  after(() => test.stop());

  /** Proposes MACs that others were proposed too. */
  const proposing = (from: number) => {
    let next = from - 1;
    return (): MacAddress => {
      next += 1;
      return slotMac(next);
    };
  };
  const reserve = (tx: Transaction, host: HostId, fixedMac?: MacAddress) =>
    tx.hosts.reserveSlots({
      ...{ host, pf: PF, proposeMac: proposing(100) },
      slots: [
        { vfIndex: 0, fixedMac },
        { vfIndex: 1, fixedMac: undefined },
      ],
    });
  const traceOf = (host: HostId): string => (host === B ? "" : `trace of ${host}`);
  const desiredOf = (generation: number) => ({ generation }) as HostDesired;

  /** All that a rollout does to a host, and what it got. */
  const change = async (tx: Transaction, host: HostId) => {
    const { inventoryVersion } = await tx.hosts.lock(host);
    const slots = await reserve(tx, host);
    const address = await tx.hosts.reserveBridgeAddress({ host, bridge: "br-a", range: RANGE });
    const plan = await tx.plans.create({
      ...{ id: uuid() as PlanId, host, hostKind: "simulated", profile: PROFILE },
      ...{ profileGeneration: 1, inventorySession: "session-1", inventoryVersion },
      plan: {
        ...{ steps: [{ id: "01" }] as never, findings: [], disruption: "none" },
        ...{ affectedVms: [], digest: `of ${host}` },
      },
      desired: desiredOf(1),
    });
    const job = newJobId();
    await tx.plans.markApplied({ id: plan.id, etag: plan.etag, job });
    const generation = await tx.hosts.raiseDesiredGeneration(host);
    await tx.inTrace(traceOf(host)).jobs.create({
      id: job,
      host,
      spec: { kind: "noop" },
      subject: undefined,
      ttlMs: 60_000,
    });
    await tx.rollouts.lock(ROLLOUT);
    await tx.rollouts.setHosts(ROLLOUT, [{ host, state: "running", job }]);
    return { slots, address, plan: plan.id, job, generation };
  };

  it("do to each of many hosts what one transaction does to one", async () => {
    const results = await test.store.transactions(ACTOR, [B, A, C], change);
    const made = results.map((each) => {
      assert(each.status === "fulfilled", String(each.status === "rejected" && each.reason));
      return each.value;
    });
    assert.deepEqual(
      made.map(({ address }) => address),
      ["192.168.101.2/24", "192.168.101.3/24", "192.168.101.4/24"],
    );
    assert.equal(new Set(made.flatMap(({ slots }) => slots.map(({ mac }) => mac))).size, 6);
    const { reads } = test.store;
    for (const [index, host] of [B, A, C].entries()) {
      const { job, plan, generation } = made[index]!; // one for each
      assert.equal(generation, 1);
      assert.equal((await reads.hosts.get(host)).desiredGeneration, 1);
      const { host: on, traceparent } = await reads.jobs.get(job);
      assert.deepEqual([on, traceparent], [host, traceOf(host)]);
      const kept = await reads.plans.get(plan);
      assert.deepEqual([kept.host, kept.state, kept.job], [host, "applied", job]);
      const place = await reads.rollouts.findHost(ROLLOUT, host);
      assert.deepEqual([place?.state, place?.job], ["running", job]);
    }
    const audits = await test.query(
      "SELECT count(*)::int AS count FROM audit WHERE action = 'plan.apply'",
    );
    assert.deepEqual(audits, [{ count: 3 }]);
  });

  it("give each host the MACs that it has, and a fixed one to none that comes second", async () => {
    const fixed = slotMac(500);
    const results = await test.store.transactions(ACTOR, [A, C, D], (tx, host) =>
      host === A
        ? reserve(tx, host)
        : tx.hosts.reserveSlots({
            ...{ host, pf: PF, proposeMac: proposing(100) },
            slots: [{ vfIndex: 7, fixedMac: fixed }],
          }),
    );
    const [kept, first, second] = results;
    const known = await write(test.store, (tx) => reserve(tx, A));
    assert.deepEqual(kept, { status: "fulfilled", value: known });
    assert.deepEqual(first, { status: "fulfilled", value: [{ vfIndex: 7, mac: fixed }] });
    assert.equal(second?.status === "rejected" && second.reason.reason, "MAC_TAKEN");
  });

  it("keep nothing of a host that can't be done, and all of the others", async () => {
    const jobs = new Map<HostId, JobId>();
    const results = await test.store.transactions(ACTOR, [A, D], async (tx, host) => {
      const { job } = await change(tx, host);
      jobs.set(host, job);
      if (host === A) throw new StoreError("RESOURCE_IN_USE", "not this one");
      return job;
    });
    const [first, second] = results;
    assert.equal(first?.status === "rejected" && first.reason.reason, "RESOURCE_IN_USE");
    assert.deepEqual(second, { status: "fulfilled", value: jobs.get(D) });
    const { reads } = test.store;
    assert.equal((await reads.hosts.get(A)).desiredGeneration, 1);
    assert.equal((await reads.hosts.get(D)).desiredGeneration, 1);
    assert.notEqual((await reads.rollouts.findHost(ROLLOUT, A))?.job, jobs.get(A));
    await assert.rejects(reads.jobs.get(jobs.get(A)!), { reason: "JOB_NOT_FOUND" });
  });

  it("refuse each host that is not there, and no other", async () => {
    const nobody = parseHostId("nobody");
    const [there, missing] = await test.store.transactions(ACTOR, [A, nobody], (tx, host) =>
      tx.hosts.lock(host),
    );
    assert.equal(there?.status === "fulfilled" && there.value.id, A);
    assert.equal(missing?.status === "rejected" && missing.reason.reason, "HOST_NOT_FOUND");
  });

  it("keep nothing at all of a dry run", async () => {
    const dry = { ...ACTOR, isDryRun: true };
    const results = await test.store.transactions(dry, [A, B], (tx, host) =>
      tx.hosts.raiseDesiredGeneration(host),
    );
    assert.deepEqual(results, [
      { status: "fulfilled", value: 2 },
      { status: "fulfilled", value: 2 },
    ]);
    assert.equal((await test.store.reads.hosts.get(A)).desiredGeneration, 1);
  });
});

describe("gathered reads", () => {
  it("read as the others do", async () => {
    const test = await startTestStore();
    try {
      for (const name of NAMES) await readyHost(test.store, name);
      const { reads, gatheredReads } = test.store;
      const together = await Promise.all(NAMES.map((host) => gatheredReads.hosts.get(host)));
      assert.deepEqual(together, await Promise.all(NAMES.map((host) => reads.hosts.get(host))));
      assert.equal(await gatheredReads.hosts.find(parseHostId("nobody")), undefined);
      await assert.rejects(gatheredReads.hosts.get(parseHostId("nobody")), {
        reason: "HOST_NOT_FOUND",
      });
      const page = { size: 10, after: undefined, host: A };
      assert.deepEqual(await gatheredReads.vms.list(page), await reads.vms.list(page));
      const observed = await Promise.all(
        NAMES.map((host) => gatheredReads.hosts.findObservedAtMs(host)),
      );
      assert.deepEqual(
        observed,
        await Promise.all(NAMES.map((host) => reads.hosts.findObservedAtMs(host))),
      );
    } finally {
      await test.stop();
    }
  });
});
