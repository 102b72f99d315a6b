import assert from "node:assert/strict";
import type { SwitchyardClient } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  type MainJob,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { createSimWeb } from "@switchyard/hostsim";
import {
  Experiment,
  type ExperimentRound,
  type ExperimentSpec,
  ExperimentState,
  Network,
  PlanGoal,
  PlanState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { importTestImage, TEST_IMAGE } from "./vms.ts";

const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 500, telemetryMs: 3_600_000 };
const DONE_MS = 240_000;
const SECOND_LONG = { seconds: 1n, nanos: 0 };

const NETWORK = Network.fromPartial({
  spec: {
    bridge: "cxbr0",
    subnet: "192.168.101.0/24",
    ipPool: { first: "192.168.101.20", last: "192.168.101.99" },
    macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:99" },
  },
});

/** Short, and the same order of modes each time. */
const SHORT: Partial<ExperimentSpec> = {
  image: TEST_IMAGE.name,
  roundCount: 2,
  duration: SECOND_LONG,
  warmUp: SECOND_LONG,
  idle: SECOND_LONG,
  pingCount: 20,
  seed: 7n,
};

const ENDS: readonly ExperimentState[] = [
  ExperimentState.SUCCEEDED,
  ExperimentState.FAILED,
  ExperimentState.CANCELLED,
];
export const isOver = ({ state }: Experiment): boolean => ENDS.includes(state);

/** Simulated hosts at one profile in mode vdpa, and what experiments on them are begun and seen with. */
export interface Bench {
  readonly stack: Stack;
  readonly job: MainJob;
  start(id: string, hosts: readonly string[], spec?: Partial<ExperimentSpec>): Promise<Experiment>;
  /** @param client of the controller that is asked; left out: the first */
  reached(
    id: string,
    isThere: (experiment: Experiment) => boolean,
    client?: SwitchyardClient,
  ): Promise<Experiment>;
  roundsOf(id: string): Promise<readonly ExperimentRound[]>;
  /** No VM is left, nobody has the hosts, and their plans are empty. */
  assertRestored(...hosts: readonly string[]): Promise<void>;
}

export async function startBench(hosts: number, bad: readonly string[] = []): Promise<Bench> {
  const stack = await startStack({
    hosts,
    intervals: INTERVALS,
    overrides: Object.fromEntries(bad.map((name) => [name, { carriesFlows: false }])),
    web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
    log: silentLogger,
  });
  try {
    const job = await prepare(stack);
    return benchOf(stack, job);
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Brings the hosts to one profile, and makes what VMs need. */
async function prepare(stack: Stack): Promise<MainJob> {
  const { client } = stack;
  const report = createReport(process.stderr);
  const job = createMainJob({ client, report, timeouts: SIMULATED_TIMEOUTS });
  await importTestImage(client);
  for (const host of stack.hostNames) await job.readyHost(host);
  const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
  const datapath = vdpaDatapath({ vfCount: 4, maxVqp: 8, bridgeAddresses });
  await job.createProfile("fleet", { ...datapath, hwOffload: true }, SIM_LABELS);
  for (const host of stack.hostNames) await job.apply(await job.plan(host, PlanGoal.APPLY_PROFILE));
  await job.createNetwork("lan", NETWORK);
  return job;
}

function benchOf(stack: Stack, job: MainJob): Bench {
  const { client } = stack;
  return {
    stack,
    job,
    start: (id, on, spec = {}) =>
      client.experiments.createExperiment({
        experimentId: id,
        experiment: Experiment.fromPartial({ spec: { ...SHORT, ...spec, hosts: [...on] } }),
        requestId: id,
        validateOnly: false,
      }),
    reached: (id, isThere, asked = client) => {
      let last: Experiment | undefined;
      return waitFor(
        async () => {
          last = await asked.experiments.getExperiment({ name: `experiments/${id}` });
          return isThere(last) ? last : undefined;
        },
        {
          deadlineMs: DONE_MS,
          pollMs: 100,
          describe: () =>
            last === undefined ? "nowhere" : JSON.stringify(Experiment.toJSON(last)),
        },
      );
    },
    roundsOf: async (id) => {
      const experiment = `experiments/${id}`;
      return (await client.experiments.getExperimentResult({ experiment })).rounds;
    },
    assertRestored: async (...names) => {
      for (const name of names) {
        const host = await client.hosts.getHost({ name });
        assert.equal(host.experiment, "");
        const plan = await job.plan(name, PlanGoal.APPLY_PROFILE);
        assert.equal(plan.state, PlanState.EMPTY, `${name} has ${plan.steps.length} steps to go`);
      }
      assert.deepEqual((await client.vms.listVms({})).vms, []);
    },
  };
}
