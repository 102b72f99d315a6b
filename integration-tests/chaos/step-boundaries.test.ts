import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CRASH_PHASES } from "@switchyard/agent";
import { PlanGoal } from "@switchyard/client";
import { testSeed } from "@switchyard/testkit";
import { checkJobs, watchEffects } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { createHostWork, createIntent, type HostWork } from "./harness/work.ts";

/** Each host works through its share of the boundaries, so that process starts overlap. */
const HOSTS = 4;
/** More than any job has; a job that passes its last boundary ends the search. */
const BOUNDARIES_MAX = 200;
/** An undo needs a failure; nothing fails here. */
const PHASES = CRASH_PHASES.filter((phase) => phase !== "after-undo");

/** The boundaries of one kind of job, taken one after the other by whichever host comes next. */
interface Tour {
  /** Where agents were killed, by the boundary's number. */
  readonly places: Map<number, string>;
  next: number;
  isOver: boolean;
}

const startTour = (): Tour => ({ places: new Map(), next: 1, isOver: false });

/** Runs the job on an agent that ends at the tour's next boundary; the agent that follows has to finish it. */
async function killAtNextBoundary(
  work: HostWork,
  tour: Tour,
  create: () => Promise<string>,
): Promise<string> {
  const { agent } = work;
  const boundary = tour.next;
  const isTrapped = !tour.isOver && boundary <= BOUNDARIES_MAX;
  if (isTrapped) {
    agent.setTrap(boundary);
    tour.next += 1;
  }
  const checkSpan = watchEffects(agent.sim);
  const job = await create();
  await work.ended(job);
  const wasPassed = agent.clearTrap();
  if (wasPassed) tour.isOver = true;
  else if (isTrapped) tour.places.set(boundary, agent.trappedAt() ?? "");
  checkSpan(`${agent.host} killed at ${agent.trappedAt()}`);
  return job;
}

describe("an agent killed with SIGKILL at a boundary of its job", () => {
  const seed = testSeed();
  const tours = { up: startTour(), start: startTour(), deletion: startTour(), down: startTour() };
  const accepted: string[] = [];
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ hosts: HOSTS, controllers: 1, seed });
    await createIntent(cluster.client);
  });
  after(() => cluster.stop());

  const runCycle = async (work: HostWork, id: string) => {
    const { up, start, deletion, down } = tours;
    const kill = async (tour: Tour, create: () => Promise<string>) =>
      void accepted.push(await killAtNextBoundary(work, tour, create));
    await kill(up, () => work.apply(PlanGoal.APPLY_PROFILE));
    await work.settled(PlanGoal.APPLY_PROFILE);
    if (!start.isOver || !deletion.isOver) {
      await kill(start, () => work.createVm(id));
      await kill(deletion, () => work.deleteVm(`vms/${id}`));
    }
    await kill(down, () => work.apply(PlanGoal.TEAR_DOWN));
    await work.settled(PlanGoal.TEAR_DOWN);
  };

  it("leaves it to the agent that follows, which makes every effect once", async () => {
    const onHost = async (work: HostWork) => {
      await work.ready();
      for (let cycle = 1; Object.values(tours).some((tour) => !tour.isOver); cycle += 1) {
        await runCycle(work, `${work.agent.sim.name}-${cycle}`);
      }
    };
    await Promise.all(cluster.agents.map((agent) => onHost(createHostWork(cluster.client, agent))));
    for (const [name, { places }] of Object.entries(tours)) {
      const found = PHASES.filter((phase) =>
        [...places.values()].some((place) => place.endsWith(`:${phase}`)),
      );
      assert.deepEqual(found, PHASES, `phases of ${name}`);
    }
  });

  it("ends once, whatever the boundary", async () => {
    await checkJobs(cluster.databaseUrl, accepted);
    const kills = Object.entries(tours).map(([name, { places }]) => `${name} ${places.size}`);
    process.stderr.write(`# kills: ${kills.join(", ")}; jobs ${accepted.length}\n`);
  });
});
