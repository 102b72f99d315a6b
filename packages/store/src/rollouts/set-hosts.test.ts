import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type HostId, parseHostId, parseProfileId, parseRolloutId } from "@switchyard/model";
import { rolloutDraft } from "../testing/rollout-draft.ts";
import {
  enrollHost,
  newJobId,
  profileSpec,
  startTestStore,
  type TestStore,
  write,
} from "../testing/test-store.ts";
import type { RolloutHostChange } from "./rollout-queries.ts";

const ID = parseRolloutId("first");
const NAMES = ["a", "b", "c", "d"].map((name) => parseHostId(`host-${name}`));
const [A, B, C, D] = NAMES as [HostId, HostId, HostId, HostId];
const failure = { reason: "JOB_EXPIRED", message: "late", metadata: {}, step: undefined } as const;

describe("setHosts", () => {
  let test: TestStore;
  before(async () => {
    test = await startTestStore();
    const profile = parseProfileId("blue");
    for (const name of NAMES) await enrollHost(test.store, name);
    await write(test.store, async (tx) => {
      await tx.profiles.create({ id: profile, spec: profileSpec });
      await tx.rollouts.create(rolloutDraft(ID, new Map([[profile, NAMES]])));
    });
  });
  after(() => test.stop());

  const set = (...changes: readonly RolloutHostChange[]) =>
    write(test.store, (tx) => tx.rollouts.setHosts(ID, changes));
  const place = (host: HostId) => test.store.reads.rollouts.findHost(ID, host);

  it("changes many hosts at once, each as it is told and no other", async () => {
    const job = newJobId();
    const checksBefore = [{ id: "E01", status: "pass" }] as const;
    await set(
      { host: A, state: "running" },
      { host: B, state: "running" },
      { host: C, state: "running" },
    );
    assert.notEqual((await place(A))?.takenAtMs, undefined);
    await set(
      { host: A, state: "running", job, checksBefore },
      { host: B, state: "failed", failure, proof: "seen" },
      { host: C, state: "waiting" },
    );
    const [a, b, c, d] = await Promise.all([place(A), place(B), place(C), place(D)]);
    assert.deepEqual(
      [a?.state, a?.job, a?.isTouched, a?.checksBefore],
      ["running", job, true, checksBefore],
    );
    assert.deepEqual(
      [b?.state, b?.failure?.reason, b?.proof, b?.isTouched],
      ["failed", "JOB_EXPIRED", "seen", false],
    );
    assert.equal(c?.state, "waiting");
    assert.deepEqual([d?.state, d?.takenAtMs], ["waiting", undefined]);
  });

  it("keeps what it is not told of, and forgets the job of a host that is taken in hand again", async () => {
    await set({ host: A, state: "updated", proof: "all in hardware" });
    const updated = await place(A);
    assert.notEqual(updated?.job, undefined);
    assert.equal(updated?.checksBefore?.length, 1);
    await set({ host: A, state: "rolling-back" });
    const back = await place(A);
    assert.deepEqual(
      [back?.job, back?.isTouched, back?.proof],
      [undefined, true, "all in hardware"],
    );
  });

  it("takes the first failure for the bad signal, once", async () => {
    const { signalAtMs } = await test.store.reads.rollouts.get(ID);
    assert.notEqual(signalAtMs, undefined);
    await set({ host: D, state: "failed", failure });
    assert.equal((await test.store.reads.rollouts.get(ID)).signalAtMs, signalAtMs);
    assert.equal((await test.store.reads.rollouts.get(ID)).counts.failed, 2);
  });
});
