import { LEVELS, type Level, type LevelName, type RollupName, STALE_MS } from "./levels.ts";
import { RUN_MS, rawSamples } from "./raw-samples.ts";

/** Part of a query's range, and the level it is read from. */
export interface Segment {
  readonly level: Level;
  readonly fromMs: number;
  readonly toMs: number;
}

const floorTo = (ms: number, stepMs: number): number => Math.floor(ms / stepMs) * stepMs;

/**
 * Parts a range into what the level has rolled up, then what the finer ones have, down to raw samples for what is
 * not rolled up yet. The range begins at the begin of one of the level's windows.
 */
export function segmentsOf(
  range: { readonly startAtMs: number; readonly endAtMs: number },
  level: LevelName,
  rolledMs: Readonly<Record<RollupName, number>>,
): readonly Segment[] {
  const segments: Segment[] = [];
  let atMs = range.startAtMs;
  const from = LEVELS.findIndex(({ name }) => name === level);
  for (const each of LEVELS.slice(0, from + 1).reverse()) {
    const { windowMs, name } = each;
    const toMs =
      windowMs === undefined || name === "raw"
        ? range.endAtMs
        : Math.min(floorTo(range.endAtMs, windowMs), rolledMs[name]);
    if (toMs <= atMs) continue;
    segments.push({ level: each, fromMs: atMs, toMs });
    atMs = toMs;
  }
  return segments;
}

const literal = (ms: number): string => `'${new Date(ms).toISOString()}'::timestamptz`;
const OF_SERIES = "series = ANY ($1::integer[])";
const within = (fromMs: number, toMs: number): string =>
  `ts >= ${literal(fromMs)} AND ts < ${literal(toMs)} AND ${OF_SERIES}`;

export interface WindowsOptions {
  /** Ids of the series, at least one. */
  readonly ids: readonly number[];
  readonly needsIncrease: boolean;
  readonly rolled1mMs: number;
}

/** Lets the block index leave out pages without any of the series. */
function withinBlocks(ids: readonly number[]): string {
  const least = ids.reduce((low, id) => Math.min(low, id), Number.MAX_SAFE_INTEGER);
  const most = ids.reduce((high, id) => Math.max(high, id), 0);
  return `series BETWEEN ${least} AND ${most}`;
}

/** A window of one sample. */
const columns = (increase: string, seconds: string): string =>
  `series, ts, 1::bigint AS count, value AS sum, value AS min, value AS max, value AS last,
    ts AS last_at, ${increase} AS increase, ${seconds} AS seconds`;

function rawRows({ fromMs, toMs }: Segment, options: WindowsOptions): string {
  const { ids, needsIncrease, rolled1mMs } = options;
  const samples = (beginMs: number, endMs: number) =>
    rawSamples({
      ...{ from: literal(beginMs), rowsFrom: literal(beginMs - RUN_MS), to: literal(endMs) },
      where: `${OF_SERIES} AND ${withinBlocks(ids)}`,
    });
  if (!needsIncrease) {
    return `SELECT ${columns("0::float8", "0::float8")}
      FROM (${samples(fromMs, toMs)}) AS samples`;
  }
  // What stands before the range is in the rollup where the range begins with its end.
  const given =
    fromMs === rolled1mMs
      ? `SELECT series, ts, value, true AS counts FROM (${samples(fromMs, toMs)}) AS samples
        UNION ALL SELECT * FROM (SELECT DISTINCT ON (series) series, last_at, last, false
          FROM telemetry_1m WHERE ${within(fromMs - STALE_MS, fromMs)}
          ORDER BY series, ts DESC) AS newest`
      : `SELECT series, ts, value, ts >= ${literal(fromMs)} AS counts
        FROM (${samples(fromMs - STALE_MS, toMs)}) AS samples`;
  const isFresh = `gap <= interval '${STALE_MS} ms'`;
  const increase = "CASE WHEN value >= value_before THEN value - value_before ELSE value END";
  const ifFresh = (expression: string) => `CASE WHEN ${isFresh} THEN ${expression} ELSE 0 END`;
  return `SELECT ${columns(ifFresh(increase), ifFresh("extract(epoch FROM gap)::float8"))}
    FROM (SELECT series, ts, value, counts, lag(value) OVER samples AS value_before,
        ts - lag(ts) OVER samples AS gap
      FROM (${given}) AS given
      WINDOW samples AS (PARTITION BY series ORDER BY ts, value)) AS steps
    WHERE counts`;
}

/** A query for windows of series, of a rollup or of one sample each. Its parameter is the series' ids. */
export function windowsOf(segments: readonly Segment[], options: WindowsOptions): string {
  const parts = segments.map((segment) => {
    const { level, fromMs, toMs } = segment;
    if (level.name === "raw") return rawRows(segment, options);
    return `SELECT series, ts, count, sum, min, max, last, last_at, increase, seconds
      FROM ${level.table} WHERE ${within(fromMs, toMs)}`;
  });
  return parts.join("\nUNION ALL\n");
}
