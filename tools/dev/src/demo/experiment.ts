import { readFile } from "node:fs/promises";
import { Experiment, ExperimentState, HostKind } from "@switchyard/proto";
import { systemClock } from "@switchyard/runtime";
import { type DemoContext, IMAGE, NETWORK } from "./context.ts";

const NAME = "first-look";
const ROUNDS = 5;
const SECOND = { seconds: 1n, nanos: 0 };
/** Three modes with their switches, starts and rounds, on a machine that has other work too. */
const DONE_MS = 300_000;
const POLL_MS = 500;

const ENDS: readonly ExperimentState[] = [
  ExperimentState.SUCCEEDED,
  ExperimentState.FAILED,
  ExperimentState.CANCELLED,
];

/** One that runs no VM, and so may be switched from mode to mode. */
async function freeHost({ stack }: DemoContext, hosts: readonly string[]): Promise<string> {
  const { vms } = await stack.client.vms.listVms({});
  const used = new Set(vms.map(({ allocation }) => allocation?.host));
  return hosts.find((host) => !used.has(host)) ?? "";
}

async function run({ stack, report }: DemoContext, host: string): Promise<Experiment> {
  const { experiments } = stack.client;
  const size = { vcpuCount: 4, memoryBytes: 4n << 30n, queuePairs: 4 };
  let experiment = await experiments.createExperiment({
    experimentId: NAME,
    experiment: Experiment.fromPartial({
      spec: {
        ...{ hosts: [host], image: `images/${IMAGE}`, network: `networks/${NETWORK}`, vm: size },
        ...{ roundCount: ROUNDS, duration: SECOND, warmUp: SECOND, idle: SECOND, pingCount: 100 },
      },
    }),
  });
  const endMs = systemClock.monotonicMs() + DONE_MS;
  let told = "";
  while (!ENDS.includes(experiment.state) && systemClock.monotonicMs() < endMs) {
    await systemClock.sleep(POLL_MS);
    experiment = await experiments.getExperiment({ name: experiment.name });
    const { stateReason, roundsDone, roundsTotal } = experiment;
    const line = `${roundsDone} of ${roundsTotal} rounds: ${stateReason}`;
    if (line !== told) report.say(line);
    told = line;
  }
  return experiment;
}

/** The three ways of plugging a VM in are measured against each other; report and chart go to files. */
export async function showExperiment(
  context: DemoContext,
  { hosts, folder }: { readonly hosts: readonly string[]; readonly folder: string },
): Promise<void> {
  const { report, swy } = context;
  const host = await freeHost(context, hosts);
  report.part(`An experiment on ${host}: sriov, vdpa and vdpa-sw between two VMs (simulated)`);
  const experiment = await run(context, host);
  const { state, stateReason, roundsDone, ground } = experiment;
  report.verify(
    state === ExperimentState.SUCCEEDED && ground === HostKind.SIMULATED,
    `${roundsDone} rounds: ${stateReason}`,
  );
  await swy.run("bench", "compare", "reference/seed", NAME);
  const page = `${folder}/experiment.md`;
  const chart = `${folder}/experiment.svg`;
  const wrote = await swy.run("bench", "report", NAME, "--file", page);
  const svg = await readFile(chart, "utf8").catch(() => "");
  report.verify(wrote === 0 && svg.includes("[simulated]"), `report in ${page}, chart in ${chart}`);
}
