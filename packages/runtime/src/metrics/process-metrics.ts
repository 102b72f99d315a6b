import { METRICS, prometheusNameOf } from "@switchyard/model";
import type { Service } from "../lifecycle.ts";
import { measureEventLoopLag } from "./event-loop-lag.ts";
import type { MetricFamily, Metrics } from "./metrics.ts";

const MICROS_PER_SECOND = 1e6;
const PERCENTILES = [50, 99, 100] as const;

const gauge = (name: string, help: string, value: number): MetricFamily => ({
  ...{ name, help, kind: "gauge" },
  points: [{ labels: {}, value }],
});

/** Adds what a process is to its operator: CPU, memory, and how late its event loop runs since the last scrape. */
export function addProcessMetrics(metrics: Metrics): Service {
  const lag = measureEventLoopLag();
  metrics.source("process", () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const lags = lag.take(PERCENTILES);
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
        name: prometheusNameOf("agent.event_loop_lag"),
        help: METRICS["agent.event_loop_lag"].help,
        kind: "gauge",
        points: PERCENTILES.map((percentile, at) => ({
          labels: { percentile: String(percentile) },
          value: lags[at] ?? 0,
        })),
      },
    ];
  });
  return lag;
}
