import type { MetricEntries } from "./entry.ts";

/** The agent of itself; absent where many agents share one process, as simulated ones do. */
export const AGENT_METRICS = {
  "agent.rss_bytes": {
    kind: "gauge",
    unit: "bytes",
    object: "agent",
    help: "Resident memory of the agent.",
    prometheus: "agent_memory_resident_bytes",
  },
  "agent.cpu_seconds": {
    kind: "counter",
    unit: "seconds",
    object: "agent",
    help: "CPU time of the agent, user and system.",
    prometheus: "agent_cpu_seconds_total",
  },
  "agent.event_loop_lag": {
    kind: "gauge",
    unit: "seconds",
    object: "percentile",
    help: "How late a process's event loop ran since the last reading; percentile 100 is the worst.",
    prometheus: "event_loop_lag_seconds",
  },
  "agent.ledger_bytes": {
    kind: "gauge",
    unit: "bytes",
    object: "agent",
    help: "Size of the agent's ledger.",
    prometheus: "agent_ledger_size_bytes",
  },
  "agent.ring_bytes": {
    kind: "gauge",
    unit: "bytes",
    object: "agent",
    help: "Telemetry that waits on the agent's disk for the broker.",
    prometheus: "agent_ring_size_bytes",
  },
  "agent.ring_samples": {
    kind: "gauge",
    unit: "count",
    object: "agent",
    help: "Samples that wait for the broker.",
    prometheus: "agent_ring_samples",
  },
  "agent.samples_dropped": {
    kind: "counter",
    unit: "count",
    object: "agent",
    help: "Samples that nobody took in time and that were given up, the oldest first.",
    prometheus: "agent_samples_dropped_total",
  },
  "agent.collect_seconds": {
    kind: "gauge",
    unit: "seconds",
    object: "agent-pass",
    help: "How long the last pass over the sources of this rate took.",
    prometheus: "agent_collect_duration_seconds",
  },
  "agent.collect_failures": {
    kind: "counter",
    unit: "count",
    object: "agent-pass",
    help: "Sources of this rate that were there and could not be read.",
    prometheus: "agent_collect_failures_total",
  },
  "agent.series": {
    kind: "gauge",
    unit: "count",
    object: "agent",
    help: "Series that the agent has of its host; at most 1,200 for 2 PFs of 16 VFs each.",
    prometheus: "agent_series",
  },
} as const satisfies MetricEntries;
