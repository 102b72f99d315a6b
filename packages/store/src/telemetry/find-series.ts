import { type HostKind, type LabelSelector, StoreError } from "@switchyard/model";
import type pg from "pg";
import { type GroupKey, QUERY_SERIES_MAX, type SeriesQuery } from "./series-query.ts";

/** Series that belong to one group of an answer. */
export interface FoundGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly hostKinds: readonly HostKind[];
}

export interface FoundSeries {
  /** Ids of series and the indexes of their groups, side by side. */
  readonly ids: readonly number[];
  readonly groupOfId: readonly number[];
  /** Ascending by labels. */
  readonly groups: readonly FoundGroup[];
}

/** The series of a query, with what they are grouped by. A host that is gone has no labels and no kind. */
const FIND_SERIES = {
  name: "find_series",
  text: `SELECT s.id, s.host, s.object, h.kind, coalesce(h.labels, '{}') AS labels
    FROM telemetry_series s LEFT JOIN hosts h ON h.name = s.host
    WHERE s.metric = $1 AND ($2::text[] IS NULL OR s.host = ANY ($2))
      AND ($3::jsonb IS NULL OR h.labels @> $3) AND ($4::text IS NULL OR s.object LIKE $4)
    ORDER BY s.host, s.object LIMIT ${QUERY_SERIES_MAX + 1}`,
};

interface SeriesRow {
  readonly id: number;
  readonly host: string;
  readonly object: string;
  readonly kind: HostKind | null;
  readonly labels: LabelSelector;
}

/** A LIKE pattern in which `*` stands for any text. @see PostgreSQL manual, 9.7.1, LIKE */
const patternOf = (object: string): string =>
  object.replaceAll(/[\\%_]/g, "\\$&").replaceAll("*", "%");

function labelOf(row: SeriesRow, key: GroupKey): string {
  if (key === "host" || key === "object") return row[key];
  return row.labels[key.slice("label:".length)] ?? "";
}

function groupRows(rows: readonly SeriesRow[], by: readonly GroupKey[]): FoundSeries {
  const found = new Map<string, { labels: Record<string, string>; kinds: Set<HostKind> }>();
  const keyOfRow = rows.map((row) => {
    const labels = Object.fromEntries(by.map((key) => [key, labelOf(row, key)]));
    const key = JSON.stringify(Object.values(labels));
    const group = found.get(key) ?? { labels, kinds: new Set<HostKind>() };
    if (row.kind !== null) group.kinds.add(row.kind);
    found.set(key, group);
    return key;
  });
  const order = [...found.keys()].sort();
  const indexes = new Map(order.map((key, index) => [key, index]));
  return {
    ids: rows.map(({ id }) => id),
    groupOfId: keyOfRow.map((key) => indexes.get(key)!), // every row's key is in the order
    groups: order.map((key) => {
      const { labels, kinds } = found.get(key)!; // a key of the map
      return { labels, hostKinds: [...kinds].sort() };
    }),
  };
}

/** @throws StoreError QUERY_TOO_LARGE */
export async function findSeries(
  pool: pg.Pool,
  query: Pick<SeriesQuery, "metric" | "hosts" | "selector" | "object" | "by">,
): Promise<FoundSeries> {
  const { metric, hosts, selector, object, by } = query;
  const isAnyHost = selector === undefined || Object.keys(selector).length === 0;
  const { rows } = await pool.query<SeriesRow>({
    ...FIND_SERIES,
    values: [
      metric,
      hosts ?? null,
      isAnyHost ? null : JSON.stringify(selector),
      object === undefined ? null : patternOf(object),
    ],
  });
  if (rows.length <= QUERY_SERIES_MAX) return groupRows(rows, by);
  throw new StoreError("QUERY_TOO_LARGE", `the query reads too many series of ${metric}`, {
    found: `more than ${QUERY_SERIES_MAX} series`,
    needs: `${QUERY_SERIES_MAX} or less`,
    try: "name hosts, a label selector or an object",
  });
}
