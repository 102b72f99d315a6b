import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { PlanGoal } from "@switchyard/client";
import { testSeed, waitFor } from "@switchyard/testkit";
import type { AgentProcess } from "./harness/agents.ts";
import { checkJobs, readUnaccepted, watchEffects } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { createNoopJobs, untilEnded } from "./harness/noop-jobs.ts";
import { createHostWork, createIntent, type HostWork } from "./harness/work.ts";

const NOOP_JOBS = 12;
const DEADLINE_MS = 60_000;

/** The host's last job was to take everything down, and it has come to the VFs, which go late. */
const hasNoVfs = ({ sim }: AgentProcess): boolean =>
  sim.effects
    .flatMap(({ changed }) => changed)
    .findLast(({ object }) => object.startsWith("vf-count "))?.after === "0";

describe("NATS that loses its storage", () => {
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

  /** Jobs for the host whose agent is stopped: all of them are with the broker, none is accepted. */
  const queueJobs = async (goal: PlanGoal): Promise<readonly string[]> => {
    const datapath = await work.apply(goal);
    const { client, databaseUrl } = cluster;
    await agent.stop();
    const load = { clients: [client], hosts: [agent.host], count: NOOP_JOBS };
    const jobs = [datapath, ...(await createNoopJobs(load))];
    accepted.push(...jobs);
    await waitFor(
      async () => {
        const waiting = await readUnaccepted(databaseUrl);
        return waiting.length >= NOOP_JOBS && waiting.every(({ sends }) => sends > 0);
      },
      { deadlineMs: DEADLINE_MS, pollMs: 50 },
    );
    return jobs;
  };

  it("gets its streams anew and the unaccepted jobs again, and each ends once", async () => {
    const { nats } = cluster.broker;
    const checkSpan = watchEffects(agent.sim);
    const jobs = await queueJobs(PlanGoal.APPLY_PROFILE);
    await nats.kill9();
    await nats.wipeStorage();
    await nats.restart();
    agent.start();
    await untilEnded(cluster.client, jobs);
    await work.settled(PlanGoal.APPLY_PROFILE);
    checkSpan("after the loss");
    await checkJobs(cluster.databaseUrl, accepted);
    assert.deepEqual(await readUnaccepted(cluster.databaseUrl), []);
  });

  it("may have lost results that no controller had read, and the host sends them again", async () => {
    const [controller] = cluster.controllers;
    assert.ok(controller !== undefined);
    const { nats } = cluster.broker;
    const checkSpan = watchEffects(agent.sim);
    const jobs = await queueJobs(PlanGoal.TEAR_DOWN);
    await controller.stop();
    agent.start();
    await waitFor(() => hasNoVfs(agent), { deadlineMs: DEADLINE_MS });
    await nats.kill9();
    await nats.wipeStorage();
    await nats.restart();
    controller.start();
    await controller.ready();
    await untilEnded(cluster.client, jobs);
    await work.settled(PlanGoal.TEAR_DOWN);
    checkSpan("after the loss of results");
    await checkJobs(cluster.databaseUrl, accepted);
  });

  it("may come back with an old snapshot, whose jobs are not done again", async () => {
    const { nats } = cluster.broker;
    const checkSpan = watchEffects(agent.sim);
    const jobs = await queueJobs(PlanGoal.APPLY_PROFILE);
    await nats.kill9();
    const folder = await mkdtemp(join(tmpdir(), "sy-snapshot-"));
    const snapshot = join(folder, "jetstream");
    await cp(nats.storeFolder, snapshot, { recursive: true });
    await nats.restart();
    agent.start();
    await untilEnded(cluster.client, jobs);
    await work.settled(PlanGoal.APPLY_PROFILE);
    await nats.kill9();
    await nats.wipeStorage();
    await cp(snapshot, nats.storeFolder, { recursive: true });
    await rm(folder, { recursive: true });
    await nats.restart();
    const load = { clients: [cluster.client], hosts: [agent.host], count: NOOP_JOBS };
    const later = await createNoopJobs(load);
    accepted.push(...later);
    await untilEnded(cluster.client, later);
    checkSpan("after the snapshot");
    await checkJobs(cluster.databaseUrl, accepted);
  });
});
