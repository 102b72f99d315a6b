import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ApiError, JobState, PlanGoal } from "@switchyard/client";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import type { AgentProcess } from "./harness/agents.ts";
import { checkJobs, watchEffects } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { insist } from "./harness/insist.ts";
import { createNoopJobs, untilEnded } from "./harness/noop-jobs.ts";
import { createHostWork, createIntent } from "./harness/work.ts";

const NOOP_JOBS = 24;
/** Calls to the host after which a fault strikes; a job that sets the host up makes some hundreds. */
const CALLS_MAX = 200;
/** An answer that the database is away comes at once; this leaves room for a busy machine. */
const ANSWER_MS_MAX = 8_000;

/** Resolves when the agent has made so many more calls to its host. */
const afterCalls = (agent: AgentProcess, count: number): Promise<void> =>
  new Promise((resolve) => {
    let calls = 0;
    agent.watch({
      onStart: () => undefined,
      onCall: () => {
        calls += 1;
        if (calls === count) resolve();
      },
    });
  });

/** The call is refused as unavailable, and soon. */
async function refusedSoon(call: () => Promise<unknown>): Promise<void> {
  const beginMs = systemClock.monotonicMs();
  const error = await call().then(
    () => assert.fail("the call was answered"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.code, "UNAVAILABLE", error.message);
  const tookMs = systemClock.monotonicMs() - beginMs;
  assert.ok(tookMs < ANSWER_MS_MAX, `answered after ${tookMs} ms`);
}

describe("while jobs run", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const accepted: string[] = [];
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ hosts: 3, controllers: 2, seed });
    await createIntent(cluster.client);
  });
  after(() => cluster.stop());

  /** A job on the first host's datapath and many small ones on all, and a fault in their midst. */
  const withFault = async (goal: PlanGoal, fault: () => Promise<void>) => {
    const clients = cluster.controllers.map(({ client }) => client);
    const [first] = cluster.agents;
    assert.ok(first !== undefined);
    const work = createHostWork(cluster.client, first);
    await work.ready();
    const checkSpan = watchEffects(first.sim);
    const moment = afterCalls(first, 1 + Math.floor(random.float() * CALLS_MAX));
    const datapath = await work.apply(goal);
    accepted.push(datapath);
    const load = { clients, hosts: cluster.agents.map(({ host }) => host), count: NOOP_JOBS };
    const creating = createNoopJobs(load);
    await moment;
    await fault();
    const jobs = [datapath, ...(await creating)];
    accepted.push(...jobs.slice(1));
    for (const { name, state } of await untilEnded(cluster.client, jobs)) {
      assert.equal(state, JobState.SUCCEEDED, name);
    }
    await work.settled(goal);
    checkSpan(first.host);
  };

  it("a controller that is killed loses none, and the other one answers meanwhile", async () => {
    const [killed, other] = cluster.controllers;
    assert.ok(killed !== undefined && other !== undefined);
    await withFault(PlanGoal.APPLY_PROFILE, async () => {
      killed.kill9();
      await other.client.jobs.listJobs({});
      await killed.ready();
    });
    await checkJobs(cluster.databaseUrl, accepted);
  });

  it("nats-server that is killed loses none, and jobs are taken in meanwhile", async () => {
    const { nats } = cluster.broker;
    const host = cluster.agents[1]?.host ?? "";
    await withFault(PlanGoal.TEAR_DOWN, async () => {
      await nats.kill9();
      const { name } = await cluster.client.jobs.createNoopJob({ host });
      accepted.push(name);
      await nats.restart();
      await untilEnded(cluster.client, [name]);
    });
    await checkJobs(cluster.databaseUrl, accepted);
  });

  it("Postgres that is killed loses none, and calls are refused at once meanwhile", async () => {
    const host = cluster.agents[1]?.host ?? "";
    await withFault(PlanGoal.APPLY_PROFILE, async () => {
      await cluster.postgres.kill9();
      for (const { client } of cluster.controllers) {
        await refusedSoon(() => client.jobs.listJobs({}));
        await refusedSoon(() => client.jobs.createNoopJob({ host }));
      }
      await cluster.postgres.restart();
      await insist([cluster.client], (client, options) => client.jobs.listJobs({}, options));
    });
    await checkJobs(cluster.databaseUrl, accepted);
  });

  it("no controller had to be started again but the one that was killed", () => {
    assert.deepEqual(
      cluster.controllers.map(({ starts }) => starts),
      [2, 1],
    );
  });
});
