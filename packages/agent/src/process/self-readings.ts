import { monitorEventLoopDelay } from "node:perf_hooks";
import type { SelfReadings } from "../telemetry/collect/sources/agent.ts";

const NANOS = 1e9;
const MICROS = 1e6;

/**
 * What this process uses. The lag is the longest one since the last reading; what the timer's own resolution adds
 * is part of it.
 *
 * @see nodejs.org/api/perf_hooks.html, monitorEventLoopDelay
 */
export function createSelfReader(): () => SelfReadings {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return () => {
    const lag = delay.max / NANOS;
    delay.reset();
    const { user, system } = process.cpuUsage();
    return {
      "agent.rss_bytes": process.memoryUsage.rss(),
      "agent.cpu_seconds": (user + system) / MICROS,
      "agent.event_loop_lag": lag,
    };
  };
}
