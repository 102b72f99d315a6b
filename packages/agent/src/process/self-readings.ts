import { measureEventLoopLag } from "@switchyard/runtime";
import type { SelfReadings } from "../telemetry/collect/sources/agent.ts";

const MICROS = 1e6;
const WORST = 100;

/** What this process uses. The lag is the longest one since the last reading. */
export function createSelfReader(): () => SelfReadings {
  const delay = measureEventLoopLag();
  return () => {
    const [lag] = delay.take([WORST]);
    const { user, system } = process.cpuUsage();
    return {
      "agent.rss_bytes": process.memoryUsage.rss(),
      "agent.cpu_seconds": (user + system) / MICROS,
      ...(lag !== undefined && { "agent.event_loop_lag": lag }),
    };
  };
}
