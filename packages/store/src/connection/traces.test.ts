import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ExperimentId,
  parseExperimentId,
  parseImageId,
  parseMoveId,
  parseProfileId,
} from "@switchyard/model";
import type { ExperimentDraft } from "../experiments/experiment-queries.ts";
import type { HostRecord } from "../hosts/host-record.ts";
import type { Store, Transaction } from "../store.ts";
import { rolloutDraft } from "../testing/rollout-draft.ts";
import {
  hostWithSlots,
  NETWORK,
  networkSpec,
  newJobId,
  place,
  placementOf,
  profileSpec,
  startTestStore,
  type TestStore,
  uuid,
  write,
} from "../testing/test-store.ts";

const traceparentOf = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
const CALL = traceparentOf("a");
const EARLIER = traceparentOf("b");
const ACTOR = "users/ada";

describe("a transaction's trace", () => {
  let test: TestStore;
  let store: Store;
  let host: HostRecord;
  before(async () => {
    test = await startTestStore();
    store = test.store;
    host = await hostWithSlots(store, { name: "r740-01", count: 1, firstMac: 1 });
    await write(store, async (tx) => {
      await tx.networks.create({ id: NETWORK, spec: networkSpec("192.168.101.200") });
      await tx.profiles.create({ id: parseProfileId("blue"), spec: profileSpec });
    });
  });
  after(() => test.stop());

  const createJob = async (tx: Transaction): Promise<string> => {
    const draft = { spec: { kind: "noop" }, subject: undefined, ttlMs: 60_000 } as const;
    return (await tx.jobs.create({ id: newJobId(), host: host.id, ...draft })).traceparent;
  };

  const experimentOf = (id: ExperimentId): ExperimentDraft => ({
    id,
    spec: {
      ...{ modes: ["vdpa"], hosts: [host.id], network: NETWORK, image: parseImageId("rocky9") },
      vm: { vcpuCount: 4, memoryBytes: 1024 ** 3, queuePairs: 0 },
      ...{ roundCount: 1, durationMs: 1000, warmUpMs: 0, idleMs: 0, streamCount: 1, pingCount: 1 },
      allowsOtherVms: false,
    },
    ...{ ground: "simulated", seed: 7, modeOrder: ["vdpa"], environment: [] },
    deadlineMs: Date.now() + 60_000,
  });

  it("is of its jobs, but for those of work that goes on", async () => {
    const made = await store.transaction({ actor: ACTOR, traceparent: CALL }, async (tx) => [
      await createJob(tx),
      await createJob(tx.inTrace(EARLIER)),
      await createJob(tx.inTrace("")),
      await createJob(tx),
    ]);
    assert.deepEqual(made, [CALL, EARLIER, CALL, CALL]);
    const sent = (await store.dispatch.claimOutbox(10)).map(({ traceparent }) => traceparent);
    assert.deepEqual(sent.sort(), [CALL, CALL, CALL, EARLIER]);
  });

  it("stays with a rollout, an experiment and a move, whose jobs are made later", async () => {
    const outcome = await place(store, placementOf("web-1", host.id));
    assert.ok(outcome.kind === "placed");
    const { id: vm, generation, spec, allocation } = outcome.vm;
    const move = parseMoveId(uuid());
    const rollout = rolloutDraft("first", new Map([[parseProfileId("blue"), [host.id]]]));
    const experiment = parseExperimentId("pair");
    await store.transaction({ actor: ACTOR, traceparent: CALL }, async (tx) => {
      await tx.rollouts.create(rollout);
      await tx.moves.create({
        ...{ id: move, cause: "move", batch: uuid(), atOnce: 1, mode: "best" },
        ...{ wasRunning: true, hasNewDisk: false },
        source: { vm, generation, spec, allocation },
      });
      await tx.inTrace(EARLIER).experiments.create(experimentOf(experiment));
    });
    const { rollouts, moves, experiments } = store.reads;
    assert.equal((await rollouts.get(rollout.id)).traceparent, CALL);
    assert.equal((await moves.get(move)).traceparent, CALL);
    assert.equal((await experiments.get(experiment)).traceparent, EARLIER);
  });
});
