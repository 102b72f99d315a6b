import type pg from "pg";
import { ROLLUPS, type RollupLevel, STALE_MS } from "./levels.ts";
import { RUN_MS, rawSamples } from "./raw-samples.ts";

/** Which windows to make: those that begin in the range, of all series or of one host's. */
interface Windows {
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  readonly host: string | undefined;
}

const COLUMNS = "ts, series, count, sum, min, max, last, last_at, increase, seconds";

const ofHost = "($3::text IS NULL OR series IN (SELECT id FROM telemetry_series WHERE host = $3))";

/** Made again, a window only gains: samples are never taken back. */
const REPLACE = `ON CONFLICT (series, ts) DO UPDATE SET count = excluded.count, sum = excluded.sum,
  min = excluded.min, max = excluded.max, last = excluded.last, last_at = excluded.last_at,
  increase = excluded.increase, seconds = excluded.seconds`;

const SAMPLES = rawSamples({
  from: "$1::timestamptz",
  rowsFrom: `$1::timestamptz - interval '${RUN_MS} ms'`,
  to: "$2::timestamptz",
  where: ofHost,
});

/** The sample before a series' first one in the range is the last of a window made before. */
const FROM_RAW = `WITH before AS (
    SELECT DISTINCT ON (series) series, last_at AS ts, last AS value FROM telemetry_1m
    WHERE ts >= $1::timestamptz - interval '${STALE_MS} ms' AND ts < $1 AND ${ofHost}
    ORDER BY series, ts DESC),
  given AS (
    SELECT series, ts, value, true AS counts FROM (${SAMPLES}) AS samples
    UNION ALL SELECT series, ts, value, false FROM before),
  steps AS (
    SELECT series, ts, value, counts,
      lag(value) OVER samples AS value_before, ts - lag(ts) OVER samples AS gap
    FROM given WINDOW samples AS (PARTITION BY series ORDER BY ts, value))
  INSERT INTO telemetry_1m (${COLUMNS})
  SELECT date_bin('1 min', ts, 'epoch'), series, count(*), sum(value), min(value), max(value),
    (array_agg(value ORDER BY ts DESC, value DESC))[1], max(ts),
    coalesce(sum(CASE WHEN value >= value_before THEN value - value_before ELSE value END)
      FILTER (WHERE gap <= interval '${STALE_MS} ms'), 0),
    coalesce(extract(epoch FROM sum(gap) FILTER (WHERE gap <= interval '${STALE_MS} ms')), 0)
  FROM steps WHERE counts GROUP BY 1, 2 ${REPLACE}`;

const fromBelow = (level: RollupLevel, below: RollupLevel): string =>
  `INSERT INTO ${level.table} (${COLUMNS})
  SELECT date_bin('${level.windowMs} ms', ts, 'epoch'), series, sum(count), sum(sum), min(min), max(max),
    (array_agg(last ORDER BY last_at DESC))[1], max(last_at), sum(increase), sum(seconds)
  FROM ${below.table} WHERE ts >= $1 AND ts < $2 AND ${ofHost}
  GROUP BY 1, 2 ${REPLACE}`;

/** Longest for which one statement may run; the pool's own limit is that of a call. */
const STATEMENT_MS = 60_000;

/** Makes the windows anew. May run twice. The range's ends are ends of the level's windows. */
export async function makeWindows(
  client: pg.PoolClient,
  level: RollupLevel,
  { fromMs, toMs, host }: Windows,
): Promise<void> {
  const below = ROLLUPS[ROLLUPS.indexOf(level) - 1];
  const config = {
    text: below === undefined ? FROM_RAW : fromBelow(level, below),
    values: [new Date(fromMs), new Date(toMs), host],
    query_timeout: STATEMENT_MS + 2_000,
  };
  await client.query(config);
}

/** Settings of a transaction that rolls up: much is sorted, and nobody waits for its commit. */
export const ROLL_UP_SETTINGS = `SET LOCAL work_mem = '64MB'; SET LOCAL synchronous_commit = off;
  SET LOCAL statement_timeout = ${STATEMENT_MS}; SET LOCAL enable_seqscan = on; SET LOCAL jit = off`;
