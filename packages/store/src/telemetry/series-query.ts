import type { HostId, HostKind, LabelSelector, MetricName } from "@switchyard/model";
import type { LevelName } from "./levels.ts";

/**
 * What becomes of the samples of a step.
 *
 * - avg, min, max: of all samples of the group
 * - sum: over the series of the group, of each one's mean
 * - last: the newest sample of the group
 * - rate: over the series of the group, of each one's increase a second; of counters only, resets handled
 * - p50, p95, p99: of all samples of the group; where only rollups are left, of their means
 */
export const AGGREGATIONS = [
  "avg",
  "min",
  "max",
  "sum",
  "last",
  "rate",
  "p50",
  "p95",
  "p99",
] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** What is kept apart: hosts, objects, or values of a label of hosts. */
export type GroupKey = "host" | "object" | `label:${string}`;

export interface SeriesQuery {
  readonly metric: MetricName;
  /** Undefined: all hosts. */
  readonly hosts?: readonly HostId[] | undefined;
  /** Labels that the hosts carry, besides. */
  readonly selector?: LabelSelector | undefined;
  /** Only this object; `*` stands for any text. */
  readonly object?: string | undefined;
  /** Moved down to the begin of its step. */
  readonly startAtMs: number;
  /** Not included. */
  readonly endAtMs: number;
  /** Whole seconds, from the epoch on. */
  readonly stepMs: number;
  readonly aggregation: Aggregation;
  /** None: all series in one group. */
  readonly by: readonly GroupKey[];
}

export interface SeriesPoint {
  /** Begin of the step. */
  readonly atMs: number;
  readonly value: number;
}

export interface SeriesGroup {
  /** By the query's `by`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Kinds of its hosts: figures of a simulated host are simulated. */
  readonly hostKinds: readonly HostKind[];
  /** Oldest first; none for a step without samples. */
  readonly points: readonly SeriesPoint[];
}

export interface SeriesAnswer {
  /** What was read, where it is closed; the newest points are always made from what is finer. */
  readonly source: LevelName;
  /** Groups that have points, ascending by labels. */
  readonly groups: readonly SeriesGroup[];
}

/** Bounds of one query. */
export const QUERY_SERIES_MAX = 20_000;
export const QUERY_POINTS_MAX = 100_000;
