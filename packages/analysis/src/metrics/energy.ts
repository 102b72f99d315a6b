import type {
  ExperimentResult,
  ExperimentRound,
  PowerReading,
  PowerSource,
} from "@switchyard/model";

/**
 * The readings of one source of all hosts of the experiment: a sum that lacks a host, or mixes what a CPU package draws with
 * what a whole host draws, says nothing.
 *
 * @returns undefined unless every host has exactly one
 */
function completeReadings(
  { environment }: ExperimentResult,
  { power }: ExperimentRound,
  source: PowerSource,
): readonly PowerReading[] | undefined {
  const own = power.filter((reading) => reading.source === source && reading.seconds > 0);
  const hosts = new Set(environment.map(({ host }) => host));
  const isComplete =
    hosts.size > 0 &&
    own.length === hosts.size &&
    own.every(({ host }) => hosts.has(host)) &&
    new Set(own.map(({ host }) => host)).size === hosts.size;
  return isComplete ? own : undefined;
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);

/** Mean power of all hosts while throughput was measured, W. */
export function watts(
  result: ExperimentResult,
  round: ExperimentRound,
  source: PowerSource,
): number | undefined {
  const readings = completeReadings(result, round, source);
  return readings && sum(readings.map(({ joules, seconds }) => joules / seconds));
}

/** Throughput for the power of all hosts, Gbit/s per W. */
export function throughputPerWatt(
  result: ExperimentResult,
  round: ExperimentRound,
  source: PowerSource,
): number | undefined {
  const power = watts(result, round, source);
  return power === undefined || power <= 0
    ? undefined
    : round.throughput.bitsPerSecond / 1e9 / power;
}

/**
 * What a gigabyte costs beyond idling, J per GB (10^9 bytes). May be negative where load was lower than what was taken
 * for idle, which is told as it is.
 */
export function joulesPerGigabyte(
  result: ExperimentResult,
  round: ExperimentRound,
  source: PowerSource,
): number | undefined {
  const readings = completeReadings(result, round, source);
  const { bytes, seconds } = round.throughput;
  if (readings === undefined || bytes <= 0 || seconds <= 0) return undefined;
  const above = readings.map(({ joules, seconds: span, idleWatts }) =>
    idleWatts === undefined ? Number.NaN : joules / span - idleWatts,
  );
  const extra = sum(above);
  return Number.isNaN(extra) ? undefined : extra / (bytes / seconds / 1e9);
}
