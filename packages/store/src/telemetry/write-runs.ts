import type { HostId } from "@switchyard/model";
import { float8Array, int4Array } from "../connection/binary-arrays.ts";
import type { Session } from "../connection/session.ts";
import type { HeldLevels } from "./hold-levels.ts";
import { lastOf, laterTo, type SampleRuns, sampleCountOf } from "./sample-runs.ts";

const NOTE_LATE = {
  name: "note_late",
  text: `INSERT INTO telemetry_late (host, from_at, to_at)
    SELECT host, to_timestamp(from_ms / 1000), to_timestamp(to_ms / 1000)
    FROM unnest($1::text[], $2::float8[], $3::float8[]) AS l(host, from_ms, to_ms)`,
};
/** Later samples of all rows stand in two arrays, of which each row takes its slice. */
const insertInto = (table: string) => ({
  name: `insert_${table}`,
  text: `INSERT INTO ${table} (ts, series, value, later_ms, later_values)
    SELECT to_timestamp(at_ms / 1000), series, value,
      CASE WHEN first_later <= last_later THEN ($6::integer[])[first_later:last_later] END,
      CASE WHEN first_later <= last_later THEN ($7::float8[])[first_later:last_later] END
    FROM unnest($1::float8[], $2::integer[], $3::float8[], $4::integer[], $5::integer[])
      AS r(at_ms, series, value, first_later, last_later)`,
});
const INSERT_RAW = insertInto("telemetry_raw");
const INSERT_STRAY = insertInto("telemetry_stray");

/** Indexes of rows by series: those of one host and metric come to stand in few pages, which the block index tells. */
const bySeries = ({ ids }: SampleRuns): readonly number[] =>
  [...ids.keys()].sort((left, right) => ids[left]! - ids[right]!); // their indexes

/** Ranges of late samples by host: their windows are made already, or are being made. */
function noteLate(session: Session, runs: SampleRuns, closingMs: number): void {
  const late = new Map<HostId, { fromMs: number; toMs: number }>();
  const last = lastOf(runs);
  for (const [run, firstMs] of runs.firstMs.entries()) {
    if (firstMs >= closingMs) continue;
    const host = runs.hosts[run]!; // of equal length, as the last ones
    const known = late.get(host);
    late.set(host, {
      fromMs: Math.min(known?.fromMs ?? firstMs, firstMs),
      toMs: Math.max(known?.toMs ?? firstMs, Math.min(last.atMs[run]!, closingMs)),
    });
  }
  if (late.size === 0) return;
  const ranges = [...late.values()];
  session.client.defer({
    ...NOTE_LATE,
    values: [[...late.keys()], ranges.map(({ fromMs }) => fromMs), ranges.map(({ toMs }) => toMs)],
  });
}

/**
 * Writes the rows with what is queried next, or with the commit.
 *
 * @returns how many samples were left out: they are older than raw ones are kept
 */
export function writeRuns(session: Session, runs: SampleRuns, held: HeldLevels): number {
  const { ids, firstMs, firstValues, laterFrom, laterMs, laterValues } = runs;
  const order = bySeries(runs);
  const write = (statement: { readonly name: string; readonly text: string }, some: number[]) => {
    if (some.length === 0) return;
    const column = (values: readonly number[]) => some.map((run) => values[run]!); // runs of them
    session.client.defer({
      ...statement,
      values: [
        float8Array(column(firstMs)),
        int4Array(column(ids)),
        float8Array(column(firstValues)),
        int4Array(some.map((run) => laterFrom[run]! + 1)),
        int4Array(some.map((run) => laterTo(runs, run))),
        int4Array(laterMs),
        float8Array(laterValues),
      ],
    });
  };
  write(
    INSERT_RAW,
    order.filter((run) => firstMs[run]! >= held.fromMs && firstMs[run]! < held.toMs),
  );
  write(
    INSERT_STRAY,
    order.filter((run) => firstMs[run]! >= held.toMs),
  );
  noteLate(session, runs, held.closingMs);
  return order
    .filter((run) => firstMs[run]! < held.fromMs)
    .reduce((count, run) => count + sampleCountOf(runs, run), 0);
}
