import { assertNever, InvalidInputError, METRICS, StoreError } from "@switchyard/model";
import type pg from "pg";
import { sqlState } from "../connection/database-error.ts";
import { chooseLevel } from "./choose-level.ts";
import { type FoundSeries, findSeries } from "./find-series.ts";
import type { Level, Retention, RollupName } from "./levels.ts";
import { segmentsOf, windowsOf } from "./read-windows.ts";
import {
  type Aggregation,
  QUERY_POINTS_MAX,
  type SeriesAnswer,
  type SeriesPoint,
  type SeriesQuery,
} from "./series-query.ts";

const TIMED_OUT = "57014";

/** How the windows of a series in a step become one, and those of a group's series after that. */
const PER_SERIES = `SELECT series, date_bin($2::integer * interval '1 s', ts, 'epoch') AS step,
    sum(count) AS count, sum(sum) AS sum, min(min) AS min, max(max) AS max,
    (array_agg(last ORDER BY last_at DESC))[1] AS last, max(last_at) AS last_at,
    sum(increase) AS increase, sum(seconds) AS seconds
  FROM windows GROUP BY 1, 2`;

const percentile = (share: number): string =>
  `percentile_cont(${share}) WITHIN GROUP (ORDER BY sum / count)`;

function expressionOf(aggregation: Aggregation): string {
  switch (aggregation) {
    case "avg":
      return "sum(sum) / sum(count)";
    case "min":
      return "min(min)";
    case "max":
      return "max(max)";
    case "sum":
      return "sum(sum / count)";
    case "last":
      return "(array_agg(last ORDER BY last_at DESC))[1]";
    case "rate":
      return "sum(increase / nullif(seconds, 0))";
    case "p50":
      return percentile(0.5);
    case "p95":
      return percentile(0.95);
    case "p99":
      return percentile(0.99);
    default:
      return assertNever(aggregation);
  }
}

const isPercentile = (aggregation: Aggregation): boolean => /^p\d\d$/.test(aggregation);

function sqlOf(windows: string, aggregation: Aggregation): string {
  const rows = isPercentile(aggregation)
    ? "SELECT *, date_bin($2::integer * interval '1 s', ts, 'epoch') AS step FROM windows"
    : PER_SERIES;
  return `WITH windows AS (${windows}), rows AS (${rows}), points AS (
      SELECT "group", extract(epoch FROM step)::bigint AS at, ${expressionOf(aggregation)} AS value
      FROM rows JOIN unnest($1::integer[], $3::integer[]) AS g(series, "group") USING (series)
      GROUP BY "group", step)
    SELECT "group", string_agg(at::text, ',' ORDER BY at) AS at,
      string_agg(value::text, ',' ORDER BY at) AS values
    FROM points WHERE value IS NOT NULL GROUP BY "group"`;
}

function tooLarge(found: string, hint: string): StoreError {
  return new StoreError("QUERY_TOO_LARGE", "the query is too large", {
    found,
    needs: `at most ${QUERY_POINTS_MAX} points, within 10 s`,
    try: hint,
  });
}

/** @throws StoreError QUERY_TOO_LARGE; InvalidInputError FIELD_INVALID */
function checkQuery({ metric, aggregation, stepMs }: SeriesQuery): void {
  if (!Number.isInteger(stepMs / 1000) || stepMs <= 0) {
    throw new InvalidInputError("FIELD_INVALID", "step is not a whole number of seconds", {
      found: `${stepMs} ms`,
    });
  }
  if (aggregation !== "rate" || METRICS[metric].kind === "counter") return;
  throw new InvalidInputError("FIELD_INVALID", `${metric} is no counter, so it has no rate`, {
    found: "rate",
    needs: "avg, min, max, sum, last, p50, p95 or p99",
  });
}

async function readRolled(pool: pg.Pool): Promise<Record<RollupName, number>> {
  const { rows } = await pool.query<{ level: RollupName; rolled_at: Date }>(
    "SELECT level, rolled_at FROM telemetry_levels WHERE rolled_at IS NOT NULL",
  );
  const rolled = rows.map((row) => [row.level, row.rolled_at.getTime()]);
  return Object.fromEntries(rolled); // the migration made a row per level
}

/** Points of a group, oldest first, parted by commas: a row each takes the driver many times as long. */
interface GroupRow {
  readonly group: number;
  /** Seconds since the epoch. */
  readonly at: string;
  readonly values: string;
}

function answerOf({ groups }: FoundSeries, rows: readonly GroupRow[], level: Level): SeriesAnswer {
  const points = groups.map((): SeriesPoint[] => []);
  for (const { group, at, values } of rows) {
    const numbers = values.split(",");
    points[group] = at
      .split(",")
      .map((seconds, index) => ({ atMs: Number(seconds) * 1000, value: Number(numbers[index]) }));
  }
  return {
    source: level.name,
    groups: groups
      .map((group, index) => ({ ...group, points: points[index]! })) // one list per group
      .filter((group) => group.points.length > 0),
  };
}

/** @throws StoreError QUERY_TOO_LARGE; InvalidInputError FIELD_INVALID */
export async function querySeries(
  pool: pg.Pool,
  query: SeriesQuery,
  options: { readonly retention: Retention; readonly nowMs: number },
): Promise<SeriesAnswer> {
  checkQuery(query);
  const { stepMs, endAtMs, aggregation } = query;
  const startAtMs = Math.floor(query.startAtMs / stepMs) * stepMs;
  const level = chooseLevel({ stepMs, startAtMs, aggregation }, options);
  const found = await findSeries(pool, query);
  const count = found.groups.length * Math.ceil((endAtMs - startAtMs) / stepMs);
  if (count > QUERY_POINTS_MAX) {
    throw tooLarge(`${count} points`, "take a longer step, a shorter range or fewer groups");
  }
  if (count <= 0) return answerOf(found, [], level);
  const rolledMs = await readRolled(pool);
  const segments = segmentsOf({ startAtMs, endAtMs }, level.name, rolledMs);
  const { ids, groupOfId } = found;
  const windows = windowsOf(segments, {
    ids,
    needsIncrease: aggregation === "rate",
    rolled1mMs: rolledMs["1m"],
  });
  try {
    const { rows } = await pool.query<GroupRow>({
      text: sqlOf(windows, aggregation),
      values: [ids, stepMs / 1000, groupOfId],
    });
    return answerOf(found, rows, level);
  } catch (error) {
    if (sqlState(error) !== TIMED_OUT) throw error;
    throw tooLarge("more than 10 s of work", "take a step of 1m or more, or fewer hosts");
  }
}
