import type { HostId, MetricName } from "@switchyard/model";
import { type Clock, Semaphore } from "@switchyard/runtime";
import { and, asc, eq, gte, isNotNull, lt, type SQL, sql } from "drizzle-orm";
import type pg from "pg";
import { toStoreError } from "../connection/database-error.ts";
import type { Guard } from "../connection/guard.ts";
import { type Database, databaseOn } from "../connection/session.ts";
import type { Transactor } from "../connection/transactor.ts";
import { pageOf } from "../page.ts";
import { telemetryRaw, telemetrySeries } from "../schema/tables/telemetry.ts";
import { type DictionaryCache, rememberNamed } from "./dictionaries.ts";
import { insertSamples } from "./insert-samples.ts";
import { createLatestWriter } from "./latest.ts";
import type { Retention } from "./levels.ts";
import { querySeries } from "./query-series.ts";
import { rollUp } from "./roll-up-all.ts";
import { createSeriesIds } from "./series-ids.ts";
import type { SampleRange, StoredSample, TelemetryStore } from "./telemetry-store.ts";

/** Queries at once: the pool's other connections are for inserts and rollups. */
const QUERIES_AT_ONCE = 3;

/** Series one answer of `latest` holds at most. */
const LATEST_MAX = 100_000;

const ofSeries = ({ host, metric }: SampleRange): SQL | undefined =>
  and(
    host === undefined ? undefined : eq(telemetrySeries.host, host),
    metric === undefined ? undefined : eq(telemetrySeries.metric, metric),
  );

/** Key of a sample within a range: `time.series`, milliseconds. */
function afterSample(key: string): SQL {
  const [atMs, series] = key.split(".").map(Number);
  return sql`(${telemetryRaw.ts}, ${telemetryRaw.series}) > (to_timestamp(${atMs ?? 0}::float8 / 1000), ${series ?? 0}::integer)`;
}

interface KeyedSample extends StoredSample {
  readonly series: number;
}

async function list(
  db: Database,
  page: Parameters<TelemetryStore["list"]>[0],
): ReturnType<TelemetryStore["list"]> {
  const rows = await db
    .select({
      host: telemetrySeries.host,
      metric: telemetrySeries.metric,
      object: telemetrySeries.object,
      ts: telemetryRaw.ts,
      series: telemetryRaw.series,
      value: telemetryRaw.value,
    })
    .from(telemetryRaw)
    .innerJoin(telemetrySeries, eq(telemetrySeries.id, telemetryRaw.series))
    .where(
      and(
        gte(telemetryRaw.ts, new Date(page.startAtMs)),
        lt(telemetryRaw.ts, new Date(page.endAtMs)),
        ofSeries(page),
        page.after === undefined ? undefined : afterSample(page.after),
      ),
    )
    .orderBy(asc(telemetryRaw.ts), asc(telemetryRaw.series))
    .limit(page.size + 1);
  const samples = rows.map(
    (row): KeyedSample => ({
      host: row.host as HostId,
      metric: row.metric as MetricName,
      object: row.object,
      atMs: row.ts.getTime(),
      value: row.value,
      series: row.series,
    }),
  );
  const { items, next } = pageOf(samples, {
    size: page.size,
    keyOf: (sample) => `${sample.atMs}.${sample.series}`,
  });
  return { items: items.map(({ series: _series, ...sample }) => sample), next };
}

async function latest(db: Database, range: SampleRange): Promise<readonly StoredSample[]> {
  const rows = await db
    .select()
    .from(telemetrySeries)
    .where(and(isNotNull(telemetrySeries.latestAt), ofSeries(range)))
    .orderBy(asc(telemetrySeries.host), asc(telemetrySeries.metric), asc(telemetrySeries.object))
    .limit(LATEST_MAX);
  return rows.map((row) => ({
    host: row.host as HostId,
    metric: row.metric as MetricName,
    object: row.object,
    atMs: row.latestAt!.getTime(), // filtered
    value: row.latestValue ?? 0,
  }));
}

export function createTelemetryStore(options: {
  readonly pool: pg.Pool;
  readonly transactor: Transactor;
  readonly guard: Guard;
  readonly retention: Retention;
  readonly clock: Clock;
}): TelemetryStore {
  const { guard, pool, retention, clock } = options;
  const db = databaseOn(pool);
  const queries = new Semaphore(QUERIES_AT_ONCE);
  const known = { ids: createSeriesIds(pool), cache: new Map() as DictionaryCache };
  const newest = createLatestWriter(pool);
  const settleLatest = () => guard(() => newest.settle());
  return {
    insert: async (uploads) => {
      if (uploads.length === 0) return { stored: [], unnamed: [], sampleCount: 0, expiredCount: 0 };
      const run = { pool: "telemetry", actor: "controller", isRepeatable: true } as const;
      const { named, rows, ...report } = await options.transactor.run(run, (session) =>
        insertSamples(session, uploads, known),
      );
      rememberNamed(known.cache, named);
      newest.note(rows);
      return report;
    },
    settleLatest,
    list: (page) => guard(() => list(db, page)),
    latest: async (range) => {
      await settleLatest();
      return await guard(() => latest(db, range));
    },
    query: (query) =>
      queries.run(() => guard(() => querySeries(pool, query, { retention, nowMs: clock.nowMs() }))),
    // Not repeated at once: the next call goes on where this one was cut short.
    rollUp: () =>
      rollUp(pool).catch((error: unknown) => {
        throw toStoreError(error, false);
      }),
  };
}
