import type pg from "pg";

/** Newest samples by series' id that are not written down yet. */
export interface LatestWriter {
  note(rows: SampleRows): void;
  /** Writes them down; one run at a time. Those of a run that fails are kept for the next. */
  settle(): Promise<void>;
}

/** Samples side by side: ids of series, milliseconds since the epoch, values. */
export interface SampleRows {
  readonly ids: readonly number[];
  readonly atMs: readonly number[];
  readonly values: readonly number[];
}

/** In the order of ids, as all who do this, so that two of them do not wait for each other. */
const MOVE_LATEST = {
  name: "move_latest",
  text: `WITH newest AS (
      SELECT t.id, n.at, n.value FROM telemetry_series t JOIN (
        SELECT series, to_timestamp(at_ms / 1000) AS at, value
        FROM unnest($1::integer[], $2::float8[], $3::float8[]) AS u(series, at_ms, value)) n
        ON n.series = t.id
      WHERE t.latest_at IS NULL OR t.latest_at <= n.at
      ORDER BY t.id FOR UPDATE OF t)
    UPDATE telemetry_series t SET latest_at = newest.at, latest_value = newest.value
    FROM newest WHERE t.id = newest.id`,
};
/** Series written down by one statement. */
const SERIES_PER_STATEMENT = 5_000;
/** Series that may wait; past it the oldest news is no news. */
const WAITING_MAX = 500_000;

export function createLatestWriter(pool: pg.Pool): LatestWriter {
  let waiting = new Map<number, { readonly atMs: number; readonly value: number }>();
  let running: Promise<void> = Promise.resolve();

  const keep = (id: number, atMs: number, value: number) => {
    const known = waiting.get(id);
    if (known !== undefined && known.atMs > atMs) return;
    if (known === undefined && waiting.size >= WAITING_MAX) return;
    waiting.set(id, { atMs, value });
  };

  const write = async () => {
    const taken = [...waiting].sort(([left], [right]) => left - right);
    waiting = new Map();
    for (let at = 0; at < taken.length; at += SERIES_PER_STATEMENT) {
      const some = taken.slice(at, at + SERIES_PER_STATEMENT);
      try {
        await pool.query({
          ...MOVE_LATEST,
          values: [
            some.map(([id]) => id),
            some.map(([, { atMs }]) => atMs),
            some.map(([, { value }]) => value),
          ],
        });
      } catch (error) {
        for (const [id, { atMs, value }] of taken.slice(at)) keep(id, atMs, value);
        throw error;
      }
    }
  };

  return {
    note: ({ ids, atMs, values }) => {
      for (const [at, id] of ids.entries()) keep(id, atMs[at]!, values[at]!); // of equal length
    },
    settle: () => {
      running = running.catch(() => undefined).then(write);
      return running;
    },
  };
}
