import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Service } from "../lifecycle.ts";
import type { MetricFamily, Metrics } from "./metrics.ts";

/** How often the event loop's delay is measured; what a turn takes beyond this is lag. */
const RESOLUTION_MS = 20;
const NANOS_PER_SECOND = 1e9;
const MICROS_PER_SECOND = 1e6;
const PERCENTILES = [50, 99, 100] as const;

const gauge = (name: string, help: string, value: number): MetricFamily => ({
  ...{ name, help, kind: "gauge" },
  points: [{ labels: {}, value }],
});

/**
 * Adds what a process is to its operator: CPU, memory, and how late its event loop runs since the last scrape.
 *
 * @see Node.js, perf_hooks.monitorEventLoopDelay: the delay includes the resolution
 */
export function addProcessMetrics(metrics: Metrics): Service {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const lagSeconds = (percentile: number): number => {
    const nanos = percentile === 100 ? delay.max : delay.percentile(percentile);
    const seconds = nanos / NANOS_PER_SECOND - RESOLUTION_MS / 1000;
    return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
  };
  metrics.source("process", () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const lag = PERCENTILES.map((percentile) => ({
      labels: { percentile: String(percentile) },
      value: lagSeconds(percentile),
    }));
    delay.reset();
    return [
      {
        name: "switchyard_process_cpu_seconds_total",
        help: "CPU time of this process, user and system.",
        kind: "counter",
        points: [{ labels: {}, value: (user + system) / MICROS_PER_SECOND }],
      },
      gauge("switchyard_process_resident_memory_bytes", "Resident memory of this process.", rss),
      gauge("switchyard_process_heap_used_bytes", "JavaScript heap in use.", heapUsed),
      {
        name: "switchyard_event_loop_lag_seconds",
        help: "How late the event loop ran since the last scrape; percentile 100 is the worst.",
        kind: "gauge",
        points: lag,
      },
    ];
  });
  return {
    stop: async () => {
      delay.disable();
    },
  };
}
