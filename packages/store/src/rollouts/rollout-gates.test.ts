import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseExperimentId, parseHostId, parseProfileId, parseRolloutId } from "@switchyard/model";
import { rolloutDraft } from "../testing/rollout-draft.ts";
import {
  profileSpec,
  readyHost,
  startTestStore,
  type TestStore,
  write,
} from "../testing/test-store.ts";

let test: TestStore;
before(async () => {
  test = await startTestStore();
});
after(() => test.stop());

const ID = parseRolloutId("off");
const PROFILE = parseProfileId("fleet");

describe("gates of a rollout in the store", () => {
  before(async () => {
    await readyHost(test.store, "host-1");
    await write(test.store, async (tx) => {
      await tx.profiles.create({ id: PROFILE, spec: profileSpec });
      await tx.rollouts.create(rolloutDraft(ID, new Map([[PROFILE, [parseHostId("host-1")]]])));
    });
  });

  it("are kept by wave and position, the newest finding of each", async () => {
    const { store } = test;
    const experiment = parseExperimentId("off-gate-2");
    const pending = { verdict: "pending", found: "measures", experiment } as const;
    await write(store, (tx) => tx.rollouts.setGate(ID, { wave: 1, position: 1, ...pending }));
    const before = await store.reads.rollouts.get(ID);
    assert.equal(before.signalAtMs, undefined);
    await write(store, async (tx) => {
      const passed = { ...pending, verdict: "passed" } as const;
      await tx.rollouts.setGate(ID, { wave: 1, position: 1, ...passed });
      const failed = { verdict: "failed", found: "+40%", experiment: undefined } as const;
      await tx.rollouts.setGate(ID, { wave: 1, position: 0, ...failed });
    });
    const { gates, signalAtMs, etag } = await store.reads.rollouts.get(ID);
    assert.deepEqual(
      gates.map(({ position, verdict, experiment: made }) => [position, verdict, made]),
      [
        [0, "failed", undefined],
        [1, "passed", experiment],
      ],
    );
    assert.ok(signalAtMs !== undefined, "a gate that failed is a bad signal");
    assert.notEqual(etag, before.etag);
  });

  it("hold as long as they are at it, whatever was accepted of the others", async () => {
    const { store } = test;
    const pending = { verdict: "pending", found: "measures", experiment: undefined } as const;
    await write(store, async (tx) => {
      await tx.rollouts.setGate(ID, { wave: 2, position: 0, ...pending });
      const unclear = { verdict: "inconclusive", found: "", experiment: undefined } as const;
      await tx.rollouts.setGate(ID, { wave: 2, position: 1, ...unclear });
      await tx.rollouts.acceptGates(ID, 2);
    });
    const accepted = async () =>
      (await store.reads.rollouts.get(ID)).gates
        .filter(({ wave }) => wave === 2)
        .map(({ isAccepted }) => isAccepted);
    assert.deepEqual(await accepted(), [false, true]);
    await write(store, (tx) =>
      tx.rollouts.setGate(ID, { wave: 2, position: 0, ...pending, verdict: "failed" }),
    );
    assert.deepEqual(await accepted(), [false, true]);
  });

  it("hold nothing once they were accepted, which may be done twice", async () => {
    for (let time = 0; time < 2; time += 1) {
      await write(test.store, (tx) => tx.rollouts.acceptGates(ID, 1));
      const { gates } = await test.store.reads.rollouts.get(ID);
      assert.ok(gates.filter(({ wave }) => wave === 1).every(({ isAccepted }) => isAccepted));
    }
  });
});
