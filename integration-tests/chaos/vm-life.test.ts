import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Image, PlanGoal, type SwitchyardClient, Vm, VmState } from "@switchyard/client";
import { qcow2File } from "@switchyard/hostsim";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { testSeed, waitFor } from "@switchyard/testkit";
import type { AgentProcess } from "./harness/agents.ts";
import { checkJobs, watchEffects } from "./harness/checker.ts";
import { type Cluster, startCluster } from "./harness/cluster.ts";
import { insist } from "./harness/insist.ts";
import { checkLeaks } from "./harness/leaks.ts";
import { createHostWork, createIntent, type HostWork } from "./harness/work.ts";

const HOSTS = 4;
/** More than any job has; a job that passes its last boundary ends the search. */
const BOUNDARIES_MAX = 200;
/** Controllers are killed within this time of a call. */
const MOMENT_MS_MAX = 60;
const CONTROLLER_KILLS = 2;
const DEADLINE_MS = 90_000;
const GIB = 1024 ** 3;
const SOURCE = "/root/downloads/rocky9.qcow2";
const ROCKY = qcow2File({ virtualSizeBytes: 10 * GIB, content: "rocky9" });

/** With a disk and a seed of its own, so that there is something to be left behind. */
const vmOn = ({ sim }: AgentProcess): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 2,
      memoryBytes: BigInt(2 * GIB),
      boot: {
        $case: "image",
        value: {
          image: "images/rocky9",
          diskBytes: BigInt(12 * GIB),
          guestSetup: { user: "ada", sshKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOJ7 ada"] },
        },
      },
      network: "networks/lan",
      hostSelector: { name: sim.name },
      hasGuestAgent: true,
    },
  });

const createImage = (client: SwitchyardClient) =>
  client.images.createImage({
    imageId: "rocky9",
    image: Image.fromPartial({
      spec: {
        source: SOURCE,
        sha256: createHash("sha256").update(ROCKY).digest("hex"),
        format: "qcow2",
        sizeBytesMax: 1_000_000n,
        virtualSizeBytesMax: BigInt(20 * GIB),
      },
    }),
  });

/** The boundaries of one kind of job, taken one after the other by whichever host comes next. */
interface Tour {
  readonly places: string[];
  next: number;
  isOver: boolean;
}

const startTour = (): Tour => ({ places: [], next: 1, isOver: false });

describe("a VM whose agent or controller is killed", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const tours = { creation: startTour(), stop: startTour(), deletion: startTour() };
  const accepted: string[] = [];
  let cluster: Cluster;
  let works: readonly HostWork[] = [];

  before(async () => {
    cluster = await startCluster({ hosts: HOSTS, controllers: 1, seed });
    await createIntent(cluster.client);
    await createImage(cluster.client);
    works = cluster.agents.map((agent) => createHostWork(cluster.client, agent));
    await Promise.all(
      works.map(async (work) => {
        await work.agent.sim.replaceFile(SOURCE, ROCKY);
        await work.ready();
        const job = await work.apply(PlanGoal.APPLY_PROFILE);
        accepted.push(job);
        await work.ended(job);
        await work.settled(PlanGoal.APPLY_PROFILE);
      }),
    );
  });
  after(() => cluster.stop());

  /** Runs the job on an agent that ends at the tour's next boundary; the agent that follows has to finish it. */
  const killAtNextBoundary = async (
    work: HostWork,
    tour: Tour,
    create: () => Promise<string>,
  ): Promise<void> => {
    const { agent } = work;
    const isTrapped = !tour.isOver && tour.next <= BOUNDARIES_MAX;
    if (isTrapped) agent.setTrap(tour.next++);
    const checkSpan = watchEffects(agent.sim);
    const job = await create();
    accepted.push(job);
    await work.ended(job);
    if (agent.clearTrap()) tour.isOver = true;
    else if (isTrapped) tour.places.push(agent.trappedAt() ?? "");
    checkSpan(`${agent.host} killed at ${agent.trappedAt()}`);
  };

  const stateOf = async (name: string): Promise<VmState | undefined> =>
    cluster.client.vms.getVm({ name }).then(
      ({ state }) => state,
      () => undefined,
    );

  it("is made, stopped and deleted once though the agent dies at each boundary, and leaves nothing", async () => {
    const { client } = cluster;
    const live = async (work: HostWork, vmId: string) => {
      const name = `vms/${vmId}`;
      const vm = vmOn(work.agent);
      await killAtNextBoundary(work, tours.creation, async () => {
        const request = { vmId, vm, requestId: `${vmId}-create` };
        return (await insist([client], ({ vms }) => vms.createVm(request))).job;
      });
      assert.equal(await stateOf(name), VmState.RUNNING);
      await killAtNextBoundary(work, tours.stop, async () => {
        const gracePeriod = { seconds: 5n, nanos: 0 };
        const request = { name, gracePeriod, requestId: `${vmId}-stop` };
        return (await insist([client], ({ vms }) => vms.stopVm(request))).job;
      });
      assert.equal(await stateOf(name), VmState.STOPPED);
      assert.deepEqual(work.agent.sim.vms, []);
      await killAtNextBoundary(work, tours.deletion, async () => {
        const request = { name, requestId: `${vmId}-delete` };
        return (await insist([client], ({ vms }) => vms.deleteVm(request))).job;
      });
      assert.equal(await stateOf(name), undefined);
      await checkLeaks(cluster, `${vmId}, ${work.agent.trappedAt()}`);
    };
    const onHost = async (work: HostWork) => {
      for (let cycle = 1; Object.values(tours).some(({ isOver }) => !isOver); cycle += 1) {
        await live(work, `${work.agent.sim.name}-${cycle}`);
      }
    };
    await Promise.all(works.map(onHost));
    for (const [name, { places }] of Object.entries(tours)) {
      assert.ok(
        places.some((place) => place.endsWith(":after-effect")),
        `${name}: ${places}`,
      );
    }
    const kills = Object.entries(tours).map(([name, { places }]) => `${name} ${places.length}`);
    process.stderr.write(`# kills of agents: ${kills.join(", ")}\n`);
  });

  it("is made and deleted once though the controller dies meanwhile, and leaves nothing", async () => {
    const [controller] = cluster.controllers;
    const [work] = works;
    assert.ok(controller !== undefined && work !== undefined);
    const clients = [cluster.client];
    const kill = async () => {
      await systemClock.sleep(Math.floor(random.float() * MOMENT_MS_MAX));
      controller.kill9();
    };
    for (let round = 1; round <= CONTROLLER_KILLS; round += 1) {
      const vmId = `killed-${round}`;
      const name = `vms/${vmId}`;
      const vm = vmOn(work.agent);
      const create = insist(clients, (client, options) =>
        client.vms.createVm({ vmId, vm, requestId: `${vmId}-create` }, options),
      );
      await kill();
      accepted.push((await create).job);
      await controller.ready();
      const isRunning = async () => (await stateOf(name)) === VmState.RUNNING || undefined;
      await waitFor(isRunning, { deadlineMs: DEADLINE_MS });
      assert.deepEqual(work.agent.sim.vms, [vmId]);
      const remove = insist(clients, (client, options) =>
        client.vms.deleteVm({ name, requestId: `${vmId}-delete` }, options),
      );
      await kill();
      accepted.push((await remove).job);
      await controller.ready();
      const isGone = async () => (await stateOf(name)) === undefined || undefined;
      await waitFor(isGone, { deadlineMs: DEADLINE_MS });
      await checkLeaks(cluster, `controller killed around ${vmId}`);
    }
  });

  it("had no job that was lost, doubled or failed", async () => {
    await checkJobs(cluster.databaseUrl, accepted);
  });
});
