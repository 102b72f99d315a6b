import type { ObjectKind } from "../objects.ts";

/** SI base units; values are stored as they are and converted when shown. */
export type MetricUnit =
  | "bytes"
  | "packets"
  | "seconds"
  | "ratio"
  | "state"
  | "count"
  | "celsius"
  | "watts"
  | "joules"
  | "bytes-per-second"
  | "transfers-per-second";

/** A counter only grows, and begins again at a boot, at a driver's load or with a new object of the same name. */
export type MetricKind = "counter" | "gauge";

/** One metric: what its values are, what its objects are, and its name for Prometheus. */
export interface MetricEntry {
  readonly kind: MetricKind;
  /** A state is 0 or 1; a ratio is 0 to 1. */
  readonly unit: MetricUnit;
  readonly object: ObjectKind;
  readonly help: string;
  /** Without the prefix `switchyard_`; no two metrics share one. */
  readonly prometheus: string;
}

export type MetricEntries = Readonly<Record<string, MetricEntry>>;
