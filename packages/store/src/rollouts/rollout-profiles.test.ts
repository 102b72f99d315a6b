import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type HostId, type ProfileId, parseHostId, parseProfileId } from "@switchyard/model";
import { rolloutDraft } from "../testing/rollout-draft.ts";
import {
  enrollHost,
  profileSpec,
  startTestStore,
  type TestStore,
  write,
} from "../testing/test-store.ts";

const [BLUE, GREEN] = [parseProfileId("blue"), parseProfileId("green")];
const [A, B] = [parseHostId("host-a"), parseHostId("host-b")];

describe("the profiles of a rollout", () => {
  let test: TestStore;
  before(async () => {
    test = await startTestStore();
    for (const name of [A, B]) await enrollHost(test.store, name);
    for (const id of [BLUE, GREEN]) {
      await write(test.store, (tx) => tx.profiles.create({ id, spec: profileSpec }));
    }
  });
  after(() => test.stop());

  const create = (name: string, ...hosts: readonly [ProfileId, HostId][]) =>
    write(test.store, (tx) =>
      tx.rollouts.create(rolloutDraft(name, new Map(hosts.map(([id, host]) => [id, [host]])))),
    );
  const reads = () => test.store.reads;

  it("are all taken, or none where another rollout has one of them", async () => {
    await create("one", [GREEN, B]);
    await assert.rejects(create("both", [BLUE, A], [GREEN, B]), { reason: "RESOURCE_IN_USE" });
    assert.equal(await reads().rollouts.findLive(BLUE), undefined);
    assert.equal(await reads().rollouts.find(rolloutDraft("both", new Map()).id), undefined);
  });

  it("are taken by one of two rollouts that begin at once, whatever their order", async () => {
    const { id } = rolloutDraft("one", new Map());
    await write(test.store, (tx) => tx.rollouts.setState({ id, state: "succeeded", reason: "" }));
    const begun = await Promise.allSettled([
      create("left", [BLUE, A], [GREEN, B]),
      create("right", [GREEN, B], [BLUE, A]),
    ]);
    const [winner] = begun.flatMap((each) => (each.status === "fulfilled" ? [each.value.id] : []));
    const [refused] = begun.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    assert.equal(refused.reason, "RESOURCE_IN_USE");
    assert.equal(await reads().rollouts.findLive(BLUE), winner);
    assert.equal(await reads().rollouts.findLive(GREEN), winner);
    assert.ok(winner !== undefined);
    await write(test.store, (tx) =>
      tx.rollouts.setState({ id: winner, state: "aborted", reason: "enough" }),
    );
    assert.equal(await reads().rollouts.findLive(GREEN), undefined);
  });

  it("tell what each was brought to, and what became of it", async () => {
    const { id, profiles } = await create("told", [BLUE, A], [GREEN, B]);
    assert.deepEqual(
      profiles.map(({ profile, backGeneration }) => [profile, backGeneration]),
      [
        [BLUE, undefined],
        [GREEN, undefined],
      ],
    );
    await write(test.store, (tx) => tx.rollouts.setBack(id, { profile: GREEN, generation: 7 }));
    const { profiles: after7 } = await reads().rollouts.get(id);
    assert.deepEqual(
      after7.map(({ backGeneration }) => backGeneration),
      [undefined, 7],
    );
    assert.equal((await reads().rollouts.findHost(id, B))?.profile, GREEN);
    assert.equal(await write(test.store, (tx) => tx.rollouts.findProven(GREEN)), 1);
    assert.equal(await write(test.store, (tx) => tx.rollouts.findProven(BLUE)), undefined);
  });
});

describe("versions of a profile", () => {
  let test: TestStore;
  before(async () => {
    test = await startTestStore();
  });
  after(() => test.stop());

  it("are kept by generation, the newest hundred", async () => {
    const id = parseProfileId("many");
    const specOf = (maxVqp: number) => ({
      ...profileSpec,
      datapath: { ...profileSpec.datapath, maxVqp },
    });
    await write(test.store, (tx) => tx.profiles.create({ id, spec: specOf(1) }));
    await write(test.store, async (tx) => {
      for (let vqp = 2; vqp <= 102; vqp += 1) {
        await tx.profiles.update({ id, etag: "", spec: specOf(vqp) });
      }
    });
    const versions = await test.store.reads.profiles.findVersions(id, [1, 2, 3, 102, 103]);
    assert.deepEqual(
      [...versions.keys()].sort((a, b) => a - b),
      [3, 102],
    );
    const third = versions.get(3)?.datapath;
    assert.equal(third?.mode === "vdpa" && third.maxVqp, 3);
  });
});
