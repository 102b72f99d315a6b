import { assert, type HostId } from "@switchyard/model";
import type pg from "pg";
import type { StoredSample } from "./telemetry-store.ts";

/** Series whose ids are remembered; at the bound the cache starts anew. */
const CACHED_SERIES_MAX = 500_000;

type SeriesKey = Pick<StoredSample, "host" | "metric" | "object">;

const keyOf = ({ host, metric, object }: SeriesKey): string => `${host}\n${metric}\n${object}`;

/** Ids of series by host, metric and object. */
export interface SeriesCache {
  /** Ids of the samples' series, in order; unknown series are made. */
  idsOf(samples: readonly StoredSample[]): Promise<readonly number[]>;
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

interface SeriesRow extends SeriesKey {
  readonly id: number;
}

/** Tries to see a series that another controller was making at the same time. */
const ENSURE_TRIES_MAX = 3;

export function createSeriesCache(pool: pg.Pool): SeriesCache {
  const ids = new Map<string, number>();

  const load = async (missing: readonly SeriesKey[]): Promise<void> => {
    const { rows } = await pool.query<SeriesRow & { host: HostId }>({
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
    idsOf: async (samples) => {
      const keys = samples.map(keyOf);
      for (let tried = 0; tried < ENSURE_TRIES_MAX; tried += 1) {
        const missing = samples.filter((_sample, index) => !ids.has(keys[index]!)); // one per sample
        if (missing.length === 0) break;
        await load(missing);
      }
      return keys.map((key) => {
        const id = ids.get(key);
        assert(id !== undefined, "every series was made or read");
        return id;
      });
    },
  };
}
