import { labelsOf, METRICS, type MetricName, prometheusNameOf } from "@switchyard/model";
import type { MetricFamily, MetricPoint } from "./metrics.ts";

/** A reading of a host. */
export interface HostSample {
  readonly host: string;
  readonly metric: MetricName;
  readonly object: string;
  readonly atMs: number;
  readonly value: number;
}

/**
 * Older readings are not shown: the longest interval of an agent that is told to sample rarely is 160 s, and a
 * series without value says more than an old value.
 */
export const SAMPLE_AGE_MAX_MS = 300_000;

const HELP_OF_AGE = "When the newest reading of a host was made, in seconds since the epoch.";

/** The newest sample of each series as families, with the label `host`; and how new each host's are. */
export function sampleFamilies(
  samples: readonly HostSample[],
  nowMs: number,
): readonly MetricFamily[] {
  const byMetric = new Map<MetricName, MetricPoint[]>();
  const newest = new Map<string, number>();
  for (const { host, metric, object, atMs, value } of samples) {
    newest.set(host, Math.max(newest.get(host) ?? 0, atMs));
    if (nowMs - atMs > SAMPLE_AGE_MAX_MS) continue;
    const points = byMetric.get(metric) ?? [];
    points.push({ labels: { host, ...labelsOf(metric, object) }, value });
    byMetric.set(metric, points);
  }
  const families = [...byMetric].map(([metric, points]): MetricFamily => {
    const { kind, help } = METRICS[metric];
    return { name: prometheusNameOf(metric), kind, help, points };
  });
  const ages = [...newest].map(([host, atMs]) => ({ labels: { host }, value: atMs / 1000 }));
  return [
    ...families,
    {
      name: "switchyard_host_newest_sample_timestamp_seconds",
      help: HELP_OF_AGE,
      kind: "gauge",
      points: ages,
    },
  ];
}
