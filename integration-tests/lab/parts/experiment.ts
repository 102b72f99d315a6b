import {
  Experiment,
  ExperimentMode,
  type ExperimentResult,
  type ExperimentRound,
  ExperimentState,
  HostKind,
  PlanGoal,
  PlanState,
} from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import { planHost } from "../plan-host.ts";
import { ensureImage, SMALL_IMAGE } from "./image.ts";
import { ensureNetwork, NETWORK } from "./network.ts";
import { startSecondHost } from "./pair.ts";
import { ensureProfileApplied, tearDown } from "./profile.ts";
import { startCardSwitch } from "./sriov-vms.ts";

const EXPERIMENT_ID = "vdpa-or-vf";
const MODES = [ExperimentMode.VDPA, ExperimentMode.SRIOV] as const;
const MODE_WORDS = { [ExperimentMode.VDPA]: "vdpa", [ExperimentMode.SRIOV]: "sriov" } as const;
const ROUNDS = 2;
const MIB = 1024n * 1024n;

/** Two modes, each with a switch of both hosts and two boots under two emulations. */
const ENDED_MS = 3_600_000;
const LOOK_AGAIN_MS = 1_000;
const ENDS: readonly ExperimentState[] = [
  ExperimentState.SUCCEEDED,
  ExperimentState.FAILED,
  ExperimentState.CANCELLED,
];

/** vDPA against VFs between two VMs on two hosts, measured by iperf3 and ping: real programs, and no measure of a card. */
export const experimentPart: LabPart = {
  name: "experiment",
  run: async (context) => {
    const { report } = context;
    await ensureProfileApplied(context);
    const second = await startSecondHost(context, {});
    await using _ = second.labHost;
    await ensureNetwork(context);
    const hosts = [context.host, second.host];
    await ensureImage(context, { name: SMALL_IMAGE, source: context.smallImage }, hosts);
    const switches = [
      await startCardSwitch(context.labHost),
      await startCardSwitch(second.labHost),
    ];
    try {
      await verifyExperiment(context, hosts);
    } finally {
      for (const each of switches) await each.stop();
    }
    for (const each of [context, second]) {
      const plan = await planHost(each, PlanGoal.APPLY_PROFILE);
      report.verify(plan.state === PlanState.EMPTY, `${each.host} is at its profile again`);
    }
    await tearDown(second);
  },
};

async function verifyExperiment(
  { report, stack: { client } }: LabContext,
  hosts: readonly string[],
): Promise<void> {
  report.part("An experiment measures a vDPA device against a VF between VMs on the two hosts");
  const { name } = await client.experiments.createExperiment({
    experimentId: EXPERIMENT_ID,
    experiment: Experiment.fromPartial({
      spec: {
        modes: [...MODES],
        hosts: [...hosts],
        network: NETWORK,
        image: SMALL_IMAGE,
        vm: { vcpuCount: 1, memoryBytes: 256n * MIB, queuePairs: 1 },
        roundCount: ROUNDS,
        duration: { seconds: 5n, nanos: 0 },
        warmUp: { seconds: 1n, nanos: 0 },
        idle: { seconds: 2n, nanos: 0 },
        streamCount: 1,
        pingCount: 10,
      },
    }),
  });
  let told = "";
  const ended = await waitFor(
    async () => {
      const now = await client.experiments.getExperiment({ name });
      const { state, stateReason, roundsDone, roundsTotal } = now;
      const text = `${stateReason} (${roundsDone} of ${roundsTotal} rounds)`;
      if (text !== told) report.say(text);
      told = text;
      return ENDS.includes(state) ? now : undefined;
    },
    { deadlineMs: ENDED_MS, pollMs: LOOK_AGAIN_MS, describe: () => `${name}: ${told}` },
  );
  report.verify(
    ended.state === ExperimentState.SUCCEEDED,
    `${name} ended: ${ended.failure?.message ?? ended.stateReason}`,
  );
  verifyResult(report, await client.experiments.getExperimentResult({ experiment: name }));
}

function verifyResult(report: LabContext["report"], { ground, rounds }: ExperimentResult): void {
  report.verify(ground === HostKind.LAB, "its figures are marked as a lab's");
  report.say("LAB figures, of two emulations one in the other: they say nothing about a card");
  for (const mode of MODES) {
    const own = rounds.filter((round) => round.mode === mode);
    for (const round of own) report.say(describeRound(round, MODE_WORDS[mode]));
    const isWhole = own.every(
      ({ throughput, latency }) =>
        (throughput?.bitsPerSecond ?? 0) > 0 && (latency?.receivedCount ?? 0) > 0,
    );
    report.verify(
      own.length === ROUNDS && isWhole,
      `${own.length} rounds of ${MODE_WORDS[mode]}, each with traffic and round trips`,
    );
  }
}

const MEGA = 1e6;
const MICROS_PER_MS = 1000;

function describeRound({ round, throughput, latency }: ExperimentRound, mode: string): string {
  const { bitsPerSecond = 0, retransmitCount = 0n, tool = "" } = throughput ?? {};
  const trips = [...(latency?.roundTripMicros ?? [])].sort((left, right) => left - right);
  const median = (trips[Math.floor(trips.length / 2)] ?? Number.NaN) / MICROS_PER_MS;
  return [
    `${mode.padEnd(5)} round ${round}  ${(bitsPerSecond / MEGA).toFixed(1)} Mbit/s (${tool},`,
    `${retransmitCount} sent again), median round trip ${median.toFixed(1)} ms,`,
    `${latency?.receivedCount} of ${latency?.sentCount} came back`,
  ].join(" ");
}
