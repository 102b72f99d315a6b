import type { MetricName } from "./metrics.ts";

/**
 * One reading.
 *
 * `object` names what it is of, as the metric's kind of object says: `0000:82:00.0` (a PF), `0000:82:00.0/vf0`, a VM;
 * empty for the host.
 */
export interface Sample {
  readonly metric: MetricName;
  readonly object: string;
  readonly atMs: number;
  readonly value: number;
}
