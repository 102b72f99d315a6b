import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { JobState, PlanGoal } from "@switchyard/client";
import { testSeed, waitFor } from "@switchyard/testkit";
import type { AgentProcess } from "./harness/agents.ts";
import { checkJobs, readUnaccepted, watchEffects } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { flipBit, moveAway, tearTail } from "./harness/ledger-damage.ts";
import { createNoopJobs, untilEnded } from "./harness/noop-jobs.ts";
import { createHostWork, createIntent, type HostWork } from "./harness/work.ts";

const DEADLINE_MS = 60_000;
/** In the midst of the job that sets a host up. */
const BOUNDARY = 20;

describe("an agent whose ledger was damaged", () => {
  const seed = testSeed();
  const accepted: string[] = [];
  let cluster: Cluster;
  let agent: AgentProcess;
  let work: HostWork;
  before(async () => {
    cluster = await startCluster({ hosts: 1, controllers: 1, seed });
    await createIntent(cluster.client);
    [agent] = cluster.agents as [AgentProcess];
    work = createHostWork(cluster.client, agent);
    await work.ready();
  });
  after(() => cluster.stop());

  const findings = async () => {
    const host = await cluster.client.hosts.getHost({ name: agent.host });
    return host.findings.map(({ reason }) => reason);
  };
  const createJob = async () => {
    const load = { clients: [cluster.client], hosts: [agent.host], count: 1 };
    const [job] = await createNoopJobs(load);
    assert.ok(job !== undefined);
    accepted.push(job);
    return job;
  };

  it("cuts a torn tail and goes on with its job, every effect once", async () => {
    await agent.stop();
    const checkSpan = watchEffects(agent.sim);
    agent.setTrap(BOUNDARY);
    agent.startOnce();
    const job = await work.apply(PlanGoal.APPLY_PROFILE);
    accepted.push(job);
    await waitFor(() => agent.trappedAt(), { deadlineMs: DEADLINE_MS });
    await agent.stop();
    await tearTail(agent.ledgerFolder);
    agent.start();
    assert.equal((await work.ended(job)).state, JobState.SUCCEEDED);
    await work.settled(PlanGoal.APPLY_PROFILE);
    checkSpan(`torn after ${agent.trappedAt()}`);
    await checkJobs(cluster.databaseUrl, accepted);
    assert.deepEqual(await findings(), []);
  });

  it("takes no job and says so for all to see once a byte in the middle is wrong", async () => {
    await agent.stop();
    await flipBit(agent.ledgerFolder);
    const effects = agent.sim.effects.length;
    agent.start();
    await waitFor(async () => (await findings()).includes("LEDGER_CORRUPT"), {
      deadlineMs: DEADLINE_MS,
      pollMs: 50,
    });
    const job = await createJob();
    await waitFor(
      async () => (await readUnaccepted(cluster.databaseUrl)).some(({ sends }) => sends > 0),
      { deadlineMs: DEADLINE_MS, pollMs: 50 },
    );
    const { state } = await cluster.client.jobs.getJob({ name: job });
    assert.equal(state, JobState.PENDING);
    assert.equal(agent.sim.effects.length, effects);
  });

  it("takes the waiting job when the ledger is moved away, and the finding goes", async () => {
    await agent.stop();
    await moveAway(agent.ledgerFolder);
    agent.start();
    await untilEnded(cluster.client, accepted);
    await waitFor(async () => (await findings()).length === 0, {
      deadlineMs: DEADLINE_MS,
      pollMs: 50,
    });
    await checkJobs(cluster.databaseUrl, accepted);
  });
});
