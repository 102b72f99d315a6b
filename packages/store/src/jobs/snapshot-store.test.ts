import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type HostId,
  type JobId,
  parsePlanId,
  parseProfileId,
  type SnapshotSeries,
} from "@switchyard/model";
import type { Store } from "../store.ts";
import {
  ACCEPTED,
  createNoop,
  enrollHost,
  eventsOf,
  newJobId,
  noopDraft,
  openStore,
  SUCCEEDED,
  startTestStore,
  type TestStore,
  uuid,
} from "../testing/test-store.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
});
after(() => test.stop());

const plan = (host: HostId) =>
  ({
    kind: "apply-host",
    plan: parsePlanId(uuid()),
    planDigest: "d",
    desired: {
      host,
      generation: 1,
      profile: parseProfileId("p"),
      profileGeneration: 1,
      datapath: undefined,
    },
  }) as const;

/** A host plan that was accepted and ended. */
async function endedPlan(host: HostId): Promise<JobId> {
  const job = newJobId();
  await store.dispatch.createJobs([noopDraft(host, { id: job, spec: plan(host) })]);
  await store.dispatch.applyEventBatches([eventsOf({ host, job }, 1, [ACCEPTED, SUCCEEDED])]);
  return job;
}

const seriesOf = (job: JobId, host: HostId): SnapshotSeries => ({
  version: 1,
  hostKind: "simulated",
  ...{ job, host },
  records: [],
  missing: [{ point: "step-1", why: "put off" }],
});

const claim = (retryMs = 60_000) => store.snapshots.claim({ max: 10, retryMs });
const jobsOf = async (retryMs?: number) => (await claim(retryMs)).map(({ job }) => job);

describe("snapshots of ended host plans", () => {
  it("are wanted once by all who ask at the same time, and again when the time has come", async () => {
    const { id: host } = await enrollHost(store, "r740-01");
    const job = await endedPlan(host);
    const other = await openStore(test.url);
    try {
      const claims = await Promise.all(
        [store, other].map((each) => each.snapshots.claim({ max: 10, retryMs: 60_000 })),
      );
      assert.deepEqual(claims.flat(), [{ job, host, epoch: 1 }]);
      assert.deepEqual(await jobsOf(), []);
      assert.deepEqual(await jobsOf(0), [job]);
    } finally {
      await other.close();
    }
    await store.snapshots.put(job, undefined);
  });

  it("are kept as they came, and not asked for again", async () => {
    const { id: host } = await enrollHost(store, "r740-02");
    const job = await endedPlan(host);
    assert.equal(await store.snapshots.find(job), undefined);
    for (let times = 0; times < 2; times += 1) await store.snapshots.put(job, seriesOf(job, host));
    assert.deepEqual(await store.snapshots.find(job), seriesOf(job, host));
    assert.deepEqual(await jobsOf(0), []);
  });

  it("are not asked for again of a host that has none, nor of jobs that run or are no host plan", async () => {
    const { id: host } = await enrollHost(store, "r740-03");
    const job = await endedPlan(host);
    await store.snapshots.put(job, undefined);
    await createNoop(store, host);
    assert.deepEqual(await jobsOf(0), []);
    assert.equal(await store.snapshots.find(job), undefined);
  });

  it("of a job that is gone are dropped", async () => {
    const job = newJobId();
    await store.snapshots.put(job, undefined);
    assert.equal(await store.snapshots.find(job), undefined);
  });
});
