import {
  Experiment,
  ExperimentMode,
  ExperimentResult,
  ExperimentRound,
  ExperimentState,
  HostKind,
  PowerSource,
} from "@switchyard/proto";

const HOSTS = ["hosts/r740-01", "hosts/r740-02"] as const;

/** Gbit/s of the rounds of each mode. */
const GIGABITS = {
  [ExperimentMode.SRIOV]: [79.9, 80.2, 79.6, 80.1, 79.8],
  [ExperimentMode.VDPA]: [70.2, 74.8, 61.3, 71.9, 72.4],
  [ExperimentMode.VDPA_SW]: [28.1, 27.6, 28.4, 27.9, 28.2],
};

const round = (mode: ExperimentMode, at: number, gigabits: number): ExperimentRound =>
  ExperimentRound.fromPartial({
    mode,
    round: at + 1,
    startTime: new Date(Date.UTC(2026, 10, 27, 4, at)),
    throughput: {
      tool: "iperf 3.9",
      bitsPerSecond: gigabits * 1e9,
      intervalBitsPerSecond: [gigabits * 1e9],
      sizeBytes: BigInt(Math.round(gigabits * 1.25e9)),
      seconds: 10,
      streamCount: 4,
      retransmitCount: 0n,
    },
    latency: {
      tool: "ping",
      sentCount: 100,
      receivedCount: 100,
      roundTripMicros: Array.from({ length: 100 }, (_, ping) => 20 + ping),
    },
    cpu: HOSTS.map((host) => ({ host, busyThreads: 2 })),
    power: HOSTS.map((host) => ({
      ...{ host, source: PowerSource.RAPL, joules: 2000, seconds: 10, idleWatts: 120 },
    })),
    offload:
      mode === ExperimentMode.VDPA
        ? HOSTS.map((host) => ({ host, proven: true, found: "dp:tc" }))
        : [],
  });

const resultOf = (experiment: string, factor: number): ExperimentResult =>
  ExperimentResult.fromPartial({
    experiment,
    ground: HostKind.SIMULATED,
    startTime: new Date(Date.UTC(2026, 10, 27, 4)),
    endTime: new Date(Date.UTC(2026, 10, 27, 5)),
    environment: HOSTS.map((host) => ({
      host,
      facts: { kernel: factor === 1 ? "5.14.0" : "6.12.0", nic: "ConnectX-6 Dx" },
    })),
    rounds: Object.entries(GIGABITS).flatMap(([mode, values]) =>
      values.map((value, at) => round(Number(mode) as ExperimentMode, at, value * factor)),
    ),
  });

const experimentNamed = (name: string): Experiment =>
  Experiment.fromPartial({
    name,
    ground: HostKind.SIMULATED,
    state: ExperimentState.SUCCEEDED,
    spec: { hosts: [...HOSTS], image: "images/bench" },
    modeOrder: [ExperimentMode.VDPA, ExperimentMode.SRIOV, ExperimentMode.VDPA_SW],
    roundsDone: 15,
    roundsTotal: 15,
    seed: 7n,
  });

/** Two experiments; `slower` has nine tenths of the throughput of `first`, on another kernel. */
export const experimentAnswers = {
  createExperiment: ({ experimentId }: { readonly experimentId: string }) =>
    experimentNamed(`experiments/${experimentId}`),
  cancelExperiment: ({ name }: { readonly name: string }) => experimentNamed(name),
  listExperiments: () => ({
    experiments: [experimentNamed("experiments/first"), experimentNamed("experiments/slower")],
    nextPageToken: "",
  }),
  getExperiment: ({ name }: { name: string }) => experimentNamed(name),
  getExperimentResult: ({ experiment }: { experiment: string }) =>
    resultOf(experiment, experiment === "experiments/slower" ? 0.9 : 1),
  deleteExperiment: ({ name }: { name: string }) => experimentNamed(name),
};
