import type { HostId, MetricName } from "@switchyard/model";
import { type Clock, Semaphore } from "@switchyard/runtime";
import { and, asc, eq, isNotNull, type SQL } from "drizzle-orm";
import type pg from "pg";
import { toStoreError } from "../connection/database-error.ts";
import type { Guard } from "../connection/guard.ts";
import { type Database, databaseOn } from "../connection/session.ts";
import type { Transactor } from "../connection/transactor.ts";
import { telemetrySeries } from "../schema/tables/telemetry.ts";
import { createBlockIndex } from "./block-index.ts";
import { type DictionaryCache, rememberNamed } from "./dictionaries.ts";
import { insertSamples } from "./insert-samples.ts";
import { createLatestWriter } from "./latest.ts";
import type { Retention } from "./levels.ts";
import { listSamples } from "./list-samples.ts";
import { querySeries } from "./query-series.ts";
import { rollUp } from "./roll-up-all.ts";
import { lastOf } from "./sample-runs.ts";
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
  const blocks = createBlockIndex(pool);
  const settleLatest = () => guard(() => newest.settle());
  return {
    insert: async (uploads) => {
      if (uploads.length === 0) return { stored: [], unnamed: [], sampleCount: 0, expiredCount: 0 };
      const run = { pool: "telemetry", actor: "controller", isRepeatable: true } as const;
      const { named, runs, ...report } = await options.transactor.run(run, (session) =>
        insertSamples(session, uploads, known),
      );
      rememberNamed(known.cache, named);
      newest.note(lastOf(runs));
      blocks.note(runs.firstMs);
      return report;
    },
    settleLatest,
    indexBlocks: () => guard(() => blocks.summarize()),
    list: (page) => guard(() => listSamples(pool, page)),
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
