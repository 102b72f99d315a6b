import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PlanGoal } from "@switchyard/client";
import { testSeed } from "@switchyard/testkit";
import { checkJobs, watchEffects } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { createHostWork, createIntent, type HostWork } from "./harness/work.ts";

/** Each host works through its share of the boundaries, so that process starts overlap. */
const HOSTS = 4;
/** More than any job has; a job that passes its last boundary ends the search. */
const BOUNDARIES_MAX = 200;

/** Which boundaries each job was killed at, and its last one once that is known. */
interface Tour {
  readonly goal: PlanGoal;
  readonly places: Map<number, string>;
  next: number;
  isOver: boolean;
}

const startTour = (goal: PlanGoal): Tour => ({ goal, places: new Map(), next: 1, isOver: false });

/** Takes the next boundary that no host has taken; 0 once the job's last one is passed. */
function takeBoundary(tour: Tour): number {
  if (tour.isOver || tour.next > BOUNDARIES_MAX) return 0;
  tour.next += 1;
  return tour.next - 1;
}

/** Hands in the tour's job, ends the agent at the boundary, and has the agent that follows finish it. */
async function killAtBoundary(work: HostWork, tour: Tour): Promise<string> {
  const { agent } = work;
  const { starts } = agent;
  const boundary = takeBoundary(tour);
  if (boundary > 0) agent.crashAt(boundary);
  const checkSpan = watchEffects(agent.sim);
  const job = await work.apply(tour.goal);
  await work.ended(job);
  await work.settled(tour.goal);
  if (agent.starts > starts) tour.places.set(boundary, agent.lastCrash() ?? "");
  else if (boundary > 0) tour.isOver = true;
  checkSpan(`${agent.host} killed at ${agent.lastCrash()}`);
  return job;
}

describe("an agent killed with SIGKILL at a step's boundary", () => {
  const seed = testSeed();
  const tours = [startTour(PlanGoal.APPLY_PROFILE), startTour(PlanGoal.TEAR_DOWN)];
  const accepted: string[] = [];
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ hosts: HOSTS, controllers: 1, seed });
    await createIntent(cluster.client);
  });
  after(() => cluster.stop());

  const tourWith = async (work: HostWork) => {
    await work.ready();
    while (tours.some((tour) => !tour.isOver)) {
      for (const tour of tours) {
        accepted.push(await killAtBoundary(work, tour));
      }
    }
  };

  it("leaves its job to the next one, which makes every effect once, at each boundary", async () => {
    await Promise.all(
      cluster.agents.map((agent) => tourWith(createHostWork(cluster.client, agent))),
    );
    for (const { places, next } of tours) {
      const kinds = new Set(places.values());
      for (const phase of ["before-intent", "after-intent", "after-effect", "after-done"]) {
        assert.ok(
          [...kinds].some((place) => place.endsWith(phase)),
          `never killed ${phase}`,
        );
      }
      process.stderr.write(`# ${places.size} kills of ${next - 1} boundaries\n`);
    }
  });

  it("ends every job once", async () => {
    await checkJobs(cluster.databaseUrl, accepted);
  });
});
