import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ExperimentRound,
  parseExperimentId,
  parseHostId,
  parseImageId,
  parseNetworkId,
} from "@switchyard/model";
import type { Store, Transaction } from "../store.ts";
import { readyHost, startTestStore, type TestStore, uuid, write } from "../testing/test-store.ts";
import type { ExperimentDraft } from "./experiment-queries.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
});
after(() => test.stop());

const HOLD_MS = 60_000;
const ME = uuid();
const OTHER = uuid();

const inTransaction = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => write(store, work);

let hostCount = 0;
async function draftOn(name: string, hosts: number): Promise<ExperimentDraft> {
  const first = hostCount;
  hostCount += hosts;
  const names = Array.from({ length: hosts }, (_, at) => parseHostId(`host-${first + at}`));
  for (const host of names) await readyHost(store, host);
  return {
    id: parseExperimentId(name),
    spec: {
      modes: ["sriov", "vdpa"],
      hosts: names,
      network: parseNetworkId("lan"),
      image: parseImageId("rocky9"),
      vm: { vcpuCount: 4, memoryBytes: 4 * 1024 ** 3, queuePairs: 0 },
      ...{ roundCount: 2, durationMs: 1000, warmUpMs: 0, idleMs: 0, streamCount: 4, pingCount: 10 },
      allowsOtherVms: false,
    },
    ground: "simulated",
    seed: 7,
    modeOrder: ["vdpa", "sriov"],
    environment: [],
    deadlineMs: Date.now() + HOLD_MS,
  };
}

const create = (draft: ExperimentDraft) => inTransaction((tx) => tx.experiments.create(draft));

const readingOf = (mode: "vdpa" | "sriov", round: number): ExperimentRound => ({
  ...{ mode, round, startedAtMs: 1 },
  throughput: {
    tool: "iperf3",
    bitsPerSecond: 1e9,
    bitsPerSecondOfIntervals: [1e9],
    bytes: 125_000_000,
    ...{ seconds: 1, streamCount: 4, retransmits: 0 },
  },
  latency: undefined,
  cpu: [],
  power: [],
});

describe("experiments in the store", () => {
  it("take their hosts for themselves, and give them back", async () => {
    const draft = await draftOn("taking", 2);
    const [host] = draft.spec.hosts;
    assert(host !== undefined);
    await create(draft);
    const second = { ...draft, id: parseExperimentId("second") };
    await assert.rejects(create(second), { reason: "HOST_IN_EXPERIMENT" });
    await inTransaction((tx) => tx.experiments.setHostMode(draft.id, host, "vdpa-sw"));
    assert.deepEqual((await store.reads.hosts.get(host)).lease, {
      experiment: "taking",
      mode: "vdpa-sw",
    });
    for (const each of draft.spec.hosts) {
      await inTransaction((tx) => tx.experiments.release(draft.id, each, undefined));
    }
    assert.equal((await store.reads.hosts.get(host)).lease, undefined);
    await create(second);
  });

  it("are taken on by one controller at a time, and by the next once its hold is over", async () => {
    const { id } = await create(await draftOn("held", 1));
    const take = (holder: string, holdMs: number) =>
      inTransaction((tx) => tx.experiments.take(id, { holder, holdMs }));
    assert.notEqual(await take(ME, HOLD_MS), undefined);
    assert.equal(await take(OTHER, HOLD_MS), undefined);
    assert.equal(await inTransaction((tx) => tx.experiments.lockHeld(id, OTHER)), undefined);
    assert.notEqual(await inTransaction((tx) => tx.experiments.lockHeld(id, ME)), undefined);
    const short = (await create(await draftOn("brief", 1))).id;
    await inTransaction((tx) => tx.experiments.take(short, { holder: ME, holdMs: 0 }));
    const taken = inTransaction((tx) =>
      tx.experiments.take(short, { holder: OTHER, holdMs: HOLD_MS }),
    );
    assert.notEqual(await taken, undefined);
  });

  it("forget what their hosts were doing when the state changes, and keep what was measured", async () => {
    const { id, spec } = await create(await draftOn("changing", 1));
    const [host] = spec.hosts;
    assert(host !== undefined);
    await inTransaction((tx) => tx.experiments.setHosts(id, [{ host, isDone: true, tries: 2 }]));
    await inTransaction((tx) =>
      tx.experiments.setState({ id, state: "measuring", reason: "the VMs run" }),
    );
    const [own] = await store.reads.experiments.listHosts(id);
    assert.deepEqual([own?.isDone, own?.tries], [false, 0]);
    const output = { client: "{}", server: "{}", ping: "" };
    for (const mode of ["sriov", "vdpa"] as const) {
      const reading = readingOf(mode, 1);
      await inTransaction((tx) => tx.experiments.addRound(id, reading, output));
      // A round that was measured twice is kept once.
      await inTransaction((tx) => tx.experiments.addRound(id, reading, output));
    }
    const rounds = await store.reads.experiments.listRounds(id);
    assert.deepEqual(
      rounds.map(({ mode }) => mode),
      ["vdpa", "sriov"],
    );
    assert.equal((await store.reads.experiments.get(id)).roundsDone, 2);
    assert.deepEqual(
      await store.reads.experiments.getOutput(id, { mode: "vdpa", round: 1 }),
      output,
    );
    await assert.rejects(store.reads.experiments.getOutput(id, { mode: "vdpa", round: 2 }), {
      reason: "EXPERIMENT_NOT_FOUND",
    });
  });

  it("are deleted with their rounds once they ended, and not before", async () => {
    const { id, spec } = await create(await draftOn("ending", 1));
    const remove = () => inTransaction((tx) => tx.experiments.delete(id));
    await assert.rejects(remove(), { reason: "EXPERIMENT_STATE_WRONG" });
    await inTransaction(async (tx) => {
      for (const host of spec.hosts) await tx.experiments.release(id, host, undefined);
      await tx.experiments.setState({ id, state: "cancelled", reason: "enough" });
    });
    assert.equal((await remove()).state, "cancelled");
    assert.equal(await store.reads.experiments.find(id), undefined);
  });
});
