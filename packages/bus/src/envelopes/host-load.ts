import { CPU_PACKAGES_MAX, type HostLoad } from "@switchyard/model";
import type { HostLoad as ProtoLoad } from "@switchyard/proto";

export const encodeHostLoad = (load: HostLoad | undefined): ProtoLoad | undefined =>
  load && { ...load, packages: load.packages.map((counter) => ({ ...counter })) };

/** Undefined where figures are none: they are the host's word. */
export function decodeHostLoad(load: ProtoLoad | undefined): HostLoad | undefined {
  if (load === undefined || load.packages.length > CPU_PACKAGES_MAX) return undefined;
  const { monotonicMs, bootId, cpuBusySeconds, packages, ipmiWatts, redfishWatts } = load;
  const figures = [
    monotonicMs,
    cpuBusySeconds,
    ipmiWatts ?? 0,
    redfishWatts ?? 0,
    ...packages.flatMap(({ joules, rangeJoules }) => [joules, rangeJoules]),
  ];
  if (!figures.every((figure) => Number.isFinite(figure) && figure >= 0)) return undefined;
  return { monotonicMs, bootId, cpuBusySeconds, packages, ipmiWatts, redfishWatts };
}
