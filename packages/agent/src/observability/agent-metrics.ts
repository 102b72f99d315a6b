import type { AgentBus } from "@switchyard/bus";
import type { Sample } from "@switchyard/model";
import { type Clock, type MetricFamily, type Metrics, sampleFamilies } from "@switchyard/runtime";

export interface AgentMetricsParts {
  readonly bus: Pick<AgentBus, "host" | "isConnected">;
  readonly agentVersion: string;
  /** The newest sample of each series of this host. */
  readonly latest: () => readonly Sample[];
  readonly liveJobCount: () => number;
  readonly clock: Clock;
}

/** Adds to `metrics` what an agent shows at a scrape: itself, and the newest samples of its host. */
export function addAgentMetrics(metrics: Metrics, parts: AgentMetricsParts): void {
  const { bus, latest, clock } = parts;
  const { host } = bus;
  const gauge = (name: string, help: string, value: number): MetricFamily => ({
    ...{ name, help, kind: "gauge" },
    points: [{ labels: { host }, value }],
  });
  metrics.source("agent", () => [
    {
      name: "switchyard_agent_info",
      help: "1, with the agent's version.",
      kind: "gauge",
      points: [{ labels: { host, version: parts.agentVersion }, value: 1 }],
    },
    gauge(
      "switchyard_agent_bus_connected",
      "1 while the agent is connected to NATS.",
      bus.isConnected() ? 1 : 0,
    ),
    gauge("switchyard_agent_jobs", "Jobs of this host that have not ended.", parts.liveJobCount()),
  ]);
  metrics.source("samples", () =>
    sampleFamilies(
      latest().map((sample) => ({ ...sample, host })),
      clock.nowMs(),
    ),
  );
}
