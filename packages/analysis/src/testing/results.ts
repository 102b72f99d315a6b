import {
  EXPERIMENT_MODES,
  type ExperimentMode,
  type ExperimentResult,
  type ExperimentRound,
  parseHostId,
} from "@switchyard/model";

export const HOSTS = [parseHostId("r740-01"), parseHostId("r740-02")] as const;
const START_MS = Date.UTC(2026, 10, 27, 4);
const SECONDS = 10;

/** One round with round trips of 1 to 1000 µs, and 100 W more than idle on each host. */
export const buildRound = (
  mode: ExperimentMode,
  round: number,
  gigabits: number,
): ExperimentRound => ({
  mode,
  round,
  startedAtMs: START_MS + round * 60_000,
  throughput: {
    tool: "iperf 3.9",
    bitsPerSecond: gigabits * 1e9,
    bitsPerSecondOfIntervals: Array.from({ length: SECONDS }, () => gigabits * 1e9),
    bytes: (gigabits * 1e9 * SECONDS) / 8,
    seconds: SECONDS,
    streamCount: 1,
    retransmits: 0,
  },
  latency: {
    tool: "ping 20210202",
    sent: 1000,
    received: 1000,
    roundTripMicros: Array.from({ length: 1000 }, (_, at) => at + 1),
  },
  cpu: HOSTS.map((host) => ({ host, busyThreads: mode === "vdpa-sw" ? 6 : 2 })),
  power: HOSTS.map((host) => ({
    ...({ host, source: "rapl" } as const),
    joules: 200 * SECONDS,
    seconds: SECONDS,
    idleWatts: 100,
  })),
});

export interface ResultOptions extends Partial<Omit<ExperimentResult, "rounds">> {
  /** Gbit/s of each round of a mode. */
  readonly gigabits: Readonly<Partial<Record<ExperimentMode, readonly number[]>>>;
  readonly facts?: Readonly<Record<string, string>>;
}

export function buildResult({ gigabits, facts = {}, ...rest }: ResultOptions): ExperimentResult {
  return {
    experiment: "first",
    ground: "simulated",
    startedAtMs: START_MS,
    endedAtMs: START_MS + 3_600_000,
    environment: HOSTS.map((host) => ({ host, facts: { kernel: "5.14.0-427", ...facts } })),
    rounds: EXPERIMENT_MODES.flatMap((mode) =>
      (gigabits[mode] ?? []).map((value, at) => buildRound(mode, at + 1, value)),
    ),
    ...rest,
  };
}
