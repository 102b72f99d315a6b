import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Job, PlanGoal } from "@switchyard/client";
import { seededRandom } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import { checkJobs, watchEffects } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { killAtRandom, killBudget } from "./harness/random-kills.ts";
import { createHostWork, createIntent, type HostWork } from "./harness/work.ts";

const HOSTS = 6;
const KILLS = 200;

/** Runs one job and checks that it made every effect once. Answers with its name. */
async function runJob(work: HostWork, create: () => Promise<string>): Promise<Job> {
  const checkSpan = watchEffects(work.agent.sim);
  const job = await work.ended(await create());
  checkSpan(`${work.agent.host}, ${job.subject}`);
  return job;
}

/** The main job on one host, from bare to bare. Answers with its jobs. */
async function runCycle(work: HostWork, id: string): Promise<readonly string[]> {
  const vm = `vms/${id}`;
  const up = await runJob(work, () => work.apply(PlanGoal.APPLY_PROFILE));
  await work.settled(PlanGoal.APPLY_PROFILE);
  const start = await runJob(work, () => work.createVm(id));
  const ping = await runJob(work, () => work.ping(vm));
  assert.equal(ping.result?.ping?.receivedCount, 1, `${vm} is deaf`);
  const deletion = await runJob(work, () => work.deleteVm(vm));
  const down = await runJob(work, () => work.apply(PlanGoal.TEAR_DOWN));
  await work.settled(PlanGoal.TEAR_DOWN);
  return [up, start, ping, deletion, down].map(({ name }) => name);
}

describe(`agents killed with SIGKILL ${KILLS} times at random moments`, () => {
  const seed = testSeed();
  const budget = killBudget(KILLS);
  const accepted: string[] = [];
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ hosts: HOSTS, controllers: 1, seed });
    await createIntent(cluster.client);
  });
  after(() => cluster.stop());

  const runCycles = async (work: HostWork) => {
    await work.ready();
    for (let cycle = 1; budget.left > 0; cycle += 1) {
      accepted.push(...(await runCycle(work, `${work.agent.sim.name}-${cycle}`)));
    }
  };

  it("make every effect once, from bare host to running VM and back", async () => {
    cluster.agents.forEach((agent, index) => {
      killAtRandom(agent, seededRandom(seed + index), budget);
    });
    await Promise.all(
      cluster.agents.map((agent) => runCycles(createHostWork(cluster.client, agent))),
    );
    assert.deepEqual(budget.left, 0);
    process.stderr.write(`# kills ${JSON.stringify(budget.made)}, jobs ${accepted.length}\n`);
  });

  it("end every job once, and leave nothing on any host", async () => {
    await checkJobs(cluster.databaseUrl, accepted);
    for (const { sim } of cluster.agents) assert.deepEqual(sim.vms, [], sim.name);
    assert.deepEqual((await cluster.client.vms.listVms({})).vms, []);
  });
});
