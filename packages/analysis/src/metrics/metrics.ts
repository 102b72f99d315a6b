import type {
  ExperimentMode,
  ExperimentResult,
  ExperimentRound,
  PowerSource,
} from "@switchyard/model";
import { percentile } from "../statistics/quantile.ts";
import { joulesPerGigabyte, throughputPerWatt, watts } from "./energy.ts";

/** A figure that each round of a mode has one of. */
export interface ExperimentMetric {
  /** As conditions name it: `throughput`. */
  readonly id: string;
  readonly title: string;
  /** `Gbit/s`; empty for a plain number. */
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** Undefined where the round did not measure it. */
  readonly read: (result: ExperimentResult, round: ExperimentRound) => number | undefined;
}

const busyThreads = (round: ExperimentRound): number | undefined =>
  round.cpu.length === 0
    ? undefined
    : round.cpu.reduce((sum, reading) => sum + reading.busyThreads, 0);

function throughputPerThread(round: ExperimentRound): number | undefined {
  const busy = busyThreads(round);
  return busy === undefined || busy <= 0 ? undefined : round.throughput.bitsPerSecond / 1e9 / busy;
}

function lossPercent({ latency }: ExperimentRound): number | undefined {
  if (latency === undefined || latency.sent <= 0) return undefined;
  return (100 * (latency.sent - latency.received)) / latency.sent;
}

/** What each source measures, in the words of a heading. */
export const POWER_TITLES: Readonly<Record<PowerSource, string>> = {
  rapl: "CPU packages (RAPL)",
  ipmi: "whole hosts (IPMI)",
  redfish: "whole hosts (Redfish)",
};

const POWER_SOURCES = ["rapl", "ipmi", "redfish"] as const satisfies readonly PowerSource[];

const powerMetrics = (source: PowerSource): readonly ExperimentMetric[] => [
  {
    id: `throughput-per-watt-${source}`,
    title: `throughput per watt of ${POWER_TITLES[source]}`,
    unit: "Gbit/s/W",
    better: "higher",
    read: (result, round) => throughputPerWatt(result, round, source),
  },
  {
    id: `energy-${source}`,
    title: `energy above idle of ${POWER_TITLES[source]}`,
    unit: "J/GB",
    better: "lower",
    read: (result, round) => joulesPerGigabyte(result, round, source),
  },
  {
    id: `power-${source}`,
    title: `power of ${POWER_TITLES[source]}`,
    unit: "W",
    better: "lower",
    read: (result, round) => watts(result, round, source),
  },
];

/** All figures of a round, in the order in which they are shown. */
export const EXPERIMENT_METRICS: readonly ExperimentMetric[] = [
  {
    id: "throughput",
    title: "throughput at the receiver",
    unit: "Gbit/s",
    better: "higher",
    read: (_result, { throughput }) => throughput.bitsPerSecond / 1e9,
  },
  {
    id: "latency-p50",
    title: "round trip, median of each round",
    unit: "µs",
    better: "lower",
    read: (_result, { latency }) => latency && percentile(latency.roundTripMicros, 50),
  },
  {
    id: "latency-p99",
    title: "round trip, 99th percentile of each round",
    unit: "µs",
    better: "lower",
    read: (_result, { latency }) => latency && percentile(latency.roundTripMicros, 99),
  },
  {
    id: "ping-loss",
    title: "pings lost",
    unit: "%",
    better: "lower",
    read: (_result, round) => lossPercent(round),
  },
  {
    id: "busy-threads",
    title: "busy CPU threads of all hosts",
    unit: "",
    better: "lower",
    read: (_result, round) => busyThreads(round),
  },
  {
    id: "throughput-per-thread",
    title: "throughput per busy CPU thread",
    unit: "Gbit/s",
    better: "higher",
    read: (_result, round) => throughputPerThread(round),
  },
  ...POWER_SOURCES.flatMap(powerMetrics),
];

/** One value for each round of the mode that measured the metric. */
export const valuesOf = (
  result: ExperimentResult,
  mode: ExperimentMode,
  metric: ExperimentMetric,
): readonly number[] =>
  result.rounds
    .filter((round) => round.mode === mode)
    .flatMap((round) => metric.read(result, round) ?? []);
