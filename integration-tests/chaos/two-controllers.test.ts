import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ChangeType, type SwitchyardClient } from "@switchyard/client";
import { newUuid, systemClock, systemRandom } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import { checkJobs } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { createNoopJobs, untilEnded } from "./harness/noop-jobs.ts";
import { watchJobs } from "./harness/watching.ts";
import { createHostWork } from "./harness/work.ts";

const JOBS = 20;

describe("two controllers on one database", () => {
  const seed = testSeed();
  const accepted: string[] = [];
  let cluster: Cluster;
  let clients: readonly [SwitchyardClient, SwitchyardClient];
  before(async () => {
    cluster = await startCluster({ hosts: 2, controllers: 2, seed });
    const [first, second] = cluster.controllers.map(({ client }) => client);
    assert.ok(first !== undefined && second !== undefined);
    clients = [first, second];
    for (const agent of cluster.agents) await createHostWork(cluster.client, agent).ready();
  });
  after(() => cluster.stop());

  const createJobs = async (...through: readonly SwitchyardClient[]) => {
    const hosts = cluster.agents.map(({ host }) => host);
    const jobs = await createNoopJobs({ clients: through, hosts, count: JOBS });
    accepted.push(...jobs);
    return jobs;
  };

  it("shows at one what is written at the other", async () => {
    const [first, second] = clients;
    const watching = watchJobs(second);
    await watching.synced();
    await watching.showsSucceeded(await createJobs(first));
    await watching.stop();
  });

  it("goes on at one with a watch that began at the other, and misses nothing", async () => {
    const [first, second] = clients;
    const before = watchJobs(first);
    await before.synced();
    const seen = await createJobs(first, second);
    await before.showsSucceeded(seen);
    await before.stop();
    const unseen = await createJobs(first, second);
    await untilEnded(first, unseen);
    const resumed = watchJobs(second, before.resumeToken);
    await resumed.showsSucceeded(unseen);
    await resumed.stop();
    const types = new Set(resumed.changes.map(({ type }) => type));
    assert.ok(!types.has(ChangeType.SNAPSHOT), "the resumed watch began anew");
    for (const job of unseen) {
      const states = resumed.changes.flatMap((change) =>
        change.job?.name === job ? change.job.state : [],
      );
      assert.deepEqual(
        states,
        [...states].sort((left, right) => left - right),
        job,
      );
    }
  });

  it("gives one job to a request that both get at the same time", async () => {
    const host = cluster.agents[0]?.host ?? "";
    const answers = await Promise.all(
      Array.from({ length: JOBS }, async () => {
        const request = { host, requestId: newUuid(systemClock, systemRandom) };
        const jobs = await Promise.all(clients.map(({ jobs }) => jobs.createNoopJob(request)));
        return jobs.map(({ name }) => name);
      }),
    );
    for (const [one, other] of answers) {
      assert.equal(one, other);
      accepted.push(one ?? "");
    }
    await untilEnded(clients[1], answers.flat());
  });

  it("ends every job once, whoever sent it", async () => {
    await checkJobs(cluster.databaseUrl, accepted);
  });
});
