import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Service } from "../lifecycle.ts";

/** How often the event loop's delay is measured; what a turn takes beyond this is lag. */
const RESOLUTION_MS = 20;
const MILLIS_PER_SECOND = 1000;
const NANOS_PER_SECOND = 1e9;

/** How late this process's event loop runs. */
export interface EventLoopLag extends Service {
  /**
   * Since the last call, or since it began.
   *
   * @param percentiles above 0; 100 is the worst turn
   * @returns seconds, 0 or more, one for each
   */
  take(percentiles: readonly number[]): readonly number[];
}

/** @see Node.js, perf_hooks.monitorEventLoopDelay: the delay includes the resolution */
export function measureEventLoopLag(): EventLoopLag {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const secondsAt = (percentile: number): number => {
    const nanos = percentile === 100 ? delay.max : delay.percentile(percentile);
    const seconds = nanos / NANOS_PER_SECOND - RESOLUTION_MS / MILLIS_PER_SECOND;
    return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
  };
  return {
    take: (percentiles) => {
      const seconds = percentiles.map(secondsAt);
      delay.reset();
      return seconds;
    },
    stop: async () => {
      delay.disable();
    },
  };
}
