import { createDemoWeb, DEMO_IMAGE } from "@switchyard/dev/demo-image";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { type Inventory, parseHostId } from "@switchyard/model";
import { PlanGoal, Vm, VmState } from "@switchyard/proto";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createStore } from "@switchyard/store";
import { timed } from "../dispatch/throughput.ts";
import { networkRequest } from "./records.ts";
import type { FleetShape } from "./shape.ts";

/** What the real agent saw of a simulated host once its profile was applied, and how fast VMs start on it. */
export interface SimHostFigures {
  readonly inventory: Inventory;
  /** From the create call to the VM's record in state running, one after the other. */
  readonly startMs: readonly number[];
}

const HOST = "r740-01";
const STARTS = 40;
const START_TIMEOUT_MS = 10_000;
const LOOK_MS = 1;

async function untilRunning(stack: Stack, name: string): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const { state, failure } = await stack.client.vms.getVm({ name });
    if (state === VmState.RUNNING) return;
    if (state === VmState.FAILED || performance.now() > endMs) {
      throw new Error(`${name} does not run: ${failure?.message ?? "no answer in time"}`);
    }
    await systemClock.sleep(LOOK_MS);
  }
}

const vmOfImage = (): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 1,
      memoryBytes: 1024n ** 3n,
      boot: { $case: "image", value: { image: "images/rocky9" } },
      network: "networks/lan",
      hasGuestAgent: true,
    },
  });

/** A simulated host with as many VFs as the fleet's have, under the real agent. */
export async function measureSimHost(shape: FleetShape): Promise<SimHostFigures> {
  const stack = await startStack({
    hosts: 1,
    log: silentLogger,
    web: createDemoWeb(),
    overrides: { [HOST]: { totalVfs: shape.slots } },
  });
  try {
    const job = createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
    await job.readyHost(`hosts/${HOST}`);
    const bridgeAddresses = { first: "10.200.0.2", last: "10.200.0.9" };
    const datapath = vdpaDatapath({ vfCount: shape.slots, maxVqp: 1, bridgeAddresses });
    await job.createProfile("bench", datapath, SIM_LABELS);
    await job.apply(await job.plan(`hosts/${HOST}`, PlanGoal.APPLY_PROFILE));
    await job.importImage("rocky9", DEMO_IMAGE, [`hosts/${HOST}`]);
    await stack.client.networks.createNetwork(networkRequest());
    const inventory = await readInventory(stack);
    const startMs: number[] = [];
    for (let at = 0; at < STARTS; at += 1) {
      startMs.push(
        await timed(async () => {
          const { name } = await stack.client.vms.createVm({
            vmId: `start-${at}`,
            vm: vmOfImage(),
          });
          await untilRunning(stack, name);
        }),
      );
    }
    return { inventory, startMs };
  } finally {
    await stack.stop();
  }
}

/** As the controller has it: the API shows less of it. */
async function readInventory({ databaseUrl, client }: Stack): Promise<Inventory> {
  const inspect = await client.hosts.getHost({ name: `hosts/${HOST}` });
  const store = await createStore({
    url: databaseUrl,
    log: silentLogger,
    clock: systemClock,
    random: systemRandom,
    onJobsEnded: async () => undefined,
  });
  try {
    const { inventory } = await store.reads.hosts.get(parseHostId(HOST));
    if (inventory === undefined) throw new Error(`${inspect.name} has not reported`);
    return inventory;
  } finally {
    await store.close();
  }
}
