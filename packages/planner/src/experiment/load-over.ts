import type { EnergyCounter, HostLoad, PowerReading } from "@switchyard/model";

/** What a host spent over a time. */
export interface LoadOver {
  readonly seconds: number;
  readonly busyThreads: number;
  readonly power: readonly Pick<PowerReading, "source" | "joules" | "seconds">[];
}

/** Over a turn of the counter, if there was one; readings are a second apart, and it turns in half an hour. */
const increase = (before: EnergyCounter, now: EnergyCounter): number =>
  now.joules >= before.joules
    ? now.joules - before.joules
    : now.joules + now.rangeJoules - before.joules;

function packageJoules(before: HostLoad, now: HostLoad): number {
  const known = new Map(before.packages.map((counter) => [counter.name, counter]));
  return now.packages.reduce((sum, counter) => {
    const last = known.get(counter.name);
    return last === undefined ? sum : sum + increase(last, counter);
  }, 0);
}

const pairs = (loads: readonly HostLoad[]): readonly (readonly [HostLoad, HostLoad])[] =>
  loads.slice(1).map((now, index) => [loads[index]!, now]); // one before each of them

const secondsBetween = (before: HostLoad, now: HostLoad): number =>
  (now.monotonicMs - before.monotonicMs) / 1000;

/** The area below watts that were read now and then; undefined where two of them never followed each other. */
function areaOf(
  loads: readonly HostLoad[],
  watts: (load: HostLoad) => number | undefined,
): { readonly joules: number; readonly seconds: number } | undefined {
  let joules = 0;
  let seconds = 0;
  for (const [before, now] of pairs(loads)) {
    const from = watts(before);
    const to = watts(now);
    if (from === undefined || to === undefined) continue;
    seconds += secondsBetween(before, now);
    joules += ((from + to) / 2) * secondsBetween(before, now);
  }
  return seconds > 0 ? { joules, seconds } : undefined;
}

/**
 * What a host spent between the first and the last of readings in order; undefined for fewer than two, or where
 * the host booted meanwhile.
 */
export function loadOver(loads: readonly HostLoad[]): LoadOver | undefined {
  const first = loads[0];
  const last = loads.at(-1);
  if (first === undefined || last === undefined || first.bootId !== last.bootId) return undefined;
  const seconds = secondsBetween(first, last);
  if (seconds <= 0) return undefined;
  const rapl = pairs(loads).reduce((sum, [before, now]) => sum + packageJoules(before, now), 0);
  const ipmi = areaOf(loads, ({ ipmiWatts }) => ipmiWatts);
  const redfish = areaOf(loads, ({ redfishWatts }) => redfishWatts);
  return {
    seconds,
    busyThreads: (last.cpuBusySeconds - first.cpuBusySeconds) / seconds,
    power: [
      ...(first.packages.length > 0 ? [{ source: "rapl" as const, joules: rapl, seconds }] : []),
      ...(ipmi === undefined ? [] : [{ source: "ipmi" as const, ...ipmi }]),
      ...(redfish === undefined ? [] : [{ source: "redfish" as const, ...redfish }]),
    ],
  };
}
