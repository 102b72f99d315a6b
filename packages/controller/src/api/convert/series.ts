import { type Series, SeriesAggregation, SeriesSource } from "@switchyard/proto";
import type { Aggregation, LevelName, SeriesGroup } from "@switchyard/store";
import { HOST_KIND } from "./enums.ts";

/** What each number of the proto asks for; left out: unknown to this release. */
export const AGGREGATION_OF: ReadonlyMap<SeriesAggregation, Aggregation> = new Map([
  [SeriesAggregation.UNSPECIFIED, "avg"],
  [SeriesAggregation.AVG, "avg"],
  [SeriesAggregation.MIN, "min"],
  [SeriesAggregation.MAX, "max"],
  [SeriesAggregation.SUM, "sum"],
  [SeriesAggregation.LAST, "last"],
  [SeriesAggregation.RATE, "rate"],
  [SeriesAggregation.P50, "p50"],
  [SeriesAggregation.P95, "p95"],
  [SeriesAggregation.P99, "p99"],
]);

export const SERIES_SOURCE: Readonly<Record<LevelName, SeriesSource>> = {
  raw: SeriesSource.RAW,
  "1m": SeriesSource.ROLLUP_1M,
  "15m": SeriesSource.ROLLUP_15M,
  "6h": SeriesSource.ROLLUP_6H,
};

export const toProtoSeries = ({ labels, hostKinds, points }: SeriesGroup): Series => ({
  labels: { ...labels },
  hostKinds: hostKinds.map((kind) => HOST_KIND[kind]),
  points: points.map(({ atMs, value }) => ({ time: new Date(atMs), value })),
});
