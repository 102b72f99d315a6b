import type { HostId, MetricName } from "@switchyard/model";
import type pg from "pg";
import { type Page, pageOf } from "../page.ts";
import { RUN_MS, rawSamples } from "./raw-samples.ts";
import type { StoredSample, TelemetryStore } from "./telemetry-store.ts";

const AFTER = "to_timestamp($1::float8 / 1000)";

/** Begins with the time of the sample that the page follows, which it leaves out by its series. */
const LIST = `SELECT s.host, s.metric, s.object, r.series, r.value,
    extract(epoch FROM r.ts)::float8 * 1000 AS at_ms
  FROM (${rawSamples({
    from: AFTER,
    rowsFrom: `to_timestamp(($1::float8 - ${RUN_MS}) / 1000)`,
    to: "to_timestamp($3::float8 / 1000)",
    where: `series IN (SELECT id FROM telemetry_series
      WHERE ($4::text IS NULL OR host = $4) AND ($5::text IS NULL OR metric = $5))`,
  })}) AS r JOIN telemetry_series s ON s.id = r.series
  WHERE (r.ts, r.series) > (${AFTER}, $2::integer)
  ORDER BY r.ts, r.series LIMIT $6`;

/** Key of a sample within a range: `time.series`, milliseconds. */
function startOf(page: { readonly startAtMs: number; readonly after?: string | undefined }) {
  const [atMs = page.startAtMs, series = 0] = page.after?.split(".").map(Number) ?? [];
  return { atMs, series };
}

interface SampleRow {
  readonly host: string;
  readonly metric: string;
  readonly object: string;
  readonly series: number;
  readonly value: number;
  readonly at_ms: number;
}

/** Samples as they came, of all series or those of a host or metric; oldest first. */
export async function listSamples(
  pool: pg.Pool,
  page: Parameters<TelemetryStore["list"]>[0],
): Promise<Page<StoredSample>> {
  const { atMs, series } = startOf(page);
  const { rows } = await pool.query<SampleRow>({
    text: LIST,
    values: [atMs, series, page.endAtMs, page.host ?? null, page.metric ?? null, page.size + 1],
  });
  const samples = rows.map((row) => ({
    host: row.host as HostId,
    metric: row.metric as MetricName,
    object: row.object,
    atMs: Math.round(row.at_ms),
    value: row.value,
    series: row.series,
  }));
  const { items, next } = pageOf(samples, {
    size: page.size,
    keyOf: (sample) => `${sample.atMs}.${sample.series}`,
  });
  return { items: items.map(({ series: _series, ...sample }) => sample), next };
}
