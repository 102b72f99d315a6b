import { assert, type HostId } from "@switchyard/model";
import type pg from "pg";
import type { NamedSeries } from "./telemetry-store.ts";

/** Series whose ids are remembered; at the bound the cache starts anew. */
const CACHED_SERIES_MAX = 500_000;

/** Of a series whose metric this release does not know: its samples are not stored. */
export const NO_SERIES = 0;

interface SeriesKey {
  readonly host: HostId;
  readonly metric: string;
  readonly object: string;
}

const keyOf = ({ host, metric, object }: SeriesKey): string => `${host}\n${metric}\n${object}`;

/** Ids of series by host, metric and object. */
export interface SeriesIds {
  /** Ids of the host's series, in order; unknown ones are made. */
  idsOf(host: HostId, names: readonly NamedSeries[]): Promise<readonly number[]>;
}

/*
 * Made outside the transaction of the samples: an id that was cached must not be rolled back. Both halves
 * of the union are needed, because a series made by another controller meanwhile is not returned by the
 * insert.
 */
const ENSURE_SERIES = {
  name: "ensure_series",
  text: `WITH given AS (
    SELECT DISTINCT host, metric, object
    FROM unnest($1::text[], $2::text[], $3::text[]) AS g(host, metric, object)),
  made AS (
    INSERT INTO telemetry_series (host, metric, object)
    SELECT host, metric, object FROM given ORDER BY host, metric, object
    ON CONFLICT DO NOTHING RETURNING id, host, metric, object)
  SELECT id, host, metric, object FROM made
  UNION
  SELECT s.id, s.host, s.metric, s.object FROM telemetry_series s JOIN given g
    ON s.host = g.host AND s.metric = g.metric AND s.object = g.object`,
};

/** Tries to see a series that another controller was making at the same time. */
const ENSURE_TRIES_MAX = 3;

export function createSeriesIds(pool: pg.Pool): SeriesIds {
  const ids = new Map<string, number>();

  const load = async (missing: readonly SeriesKey[]): Promise<void> => {
    const { rows } = await pool.query<SeriesKey & { readonly id: number }>({
      ...ENSURE_SERIES,
      values: [
        missing.map((series) => series.host),
        missing.map((series) => series.metric),
        missing.map((series) => series.object),
      ],
    });
    if (ids.size + rows.length > CACHED_SERIES_MAX) ids.clear();
    for (const row of rows) ids.set(keyOf(row), row.id);
  };

  return {
    idsOf: async (host, names) => {
      const keys = names.map((name) => name && { host, ...name });
      for (let tried = 0; tried < ENSURE_TRIES_MAX; tried += 1) {
        const missing = keys.filter((key) => key !== undefined && !ids.has(keyOf(key)));
        if (missing.length === 0) break;
        await load(missing as readonly SeriesKey[]); // without those that are undefined
      }
      return keys.map((key) => {
        if (key === undefined) return NO_SERIES;
        const id = ids.get(keyOf(key));
        assert(id !== undefined, "every series was made or read");
        return id;
      });
    },
  };
}
