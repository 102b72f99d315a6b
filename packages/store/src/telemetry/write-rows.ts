import { StoreError } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import type { SampleRows } from "./latest.ts";

/** Held until the commit: neither do windows close nor partitions go before what is inserted here can be seen. */
const HOLD_LEVELS = {
  name: "hold_levels",
  text: `SELECT level, closing_at, partitions_from, partitions_to FROM telemetry_levels
    WHERE level IN ('raw', '1m') ORDER BY level FOR SHARE`,
};
const NOTE_LATE = {
  name: "note_late",
  text: `INSERT INTO telemetry_late (host, from_at, to_at)
    SELECT host, to_timestamp(from_ms / 1000), to_timestamp(to_ms / 1000)
    FROM unnest($1::text[], $2::float8[], $3::float8[]) AS l(host, from_ms, to_ms)`,
};
const insertInto = (table: string) => ({
  name: `insert_${table}`,
  text: `INSERT INTO ${table} (ts, series, value)
    SELECT to_timestamp(at_ms / 1000), series, value
    FROM unnest($1::float8[], $2::integer[], $3::float8[]) AS s(at_ms, series, value)`,
});
const INSERT_RAW = insertInto("telemetry_raw");
const INSERT_STRAY = insertInto("telemetry_stray");

/** Raw samples may be inserted from here to there; those before `closingMs` come after their window. */
interface Held {
  readonly closingMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

interface LevelRow {
  readonly level: string;
  readonly closing_at: Date | null;
  readonly partitions_from: Date | null;
  readonly partitions_to: Date | null;
}

async function holdLevels(session: Session): Promise<Held> {
  const { rows } = await session.client.query<LevelRow>(HOLD_LEVELS);
  const raw = rows.find(({ level }) => level === "raw");
  const closing = rows.find(({ level }) => level === "1m")?.closing_at;
  if (!raw?.partitions_from || !raw.partitions_to || !closing) {
    throw new StoreError("DATABASE_UNAVAILABLE", "telemetry has no partitions yet");
  }
  return {
    closingMs: closing.getTime(),
    fromMs: raw.partitions_from.getTime(),
    toMs: raw.partitions_to.getTime(),
  };
}

/** An array as Postgres reads it. pg would quote and escape every number of it, which takes longer than the rest. */
const arrayOf = (numbers: readonly number[]): string => `{${numbers.join(",")}}`;

interface HostedRows extends SampleRows {
  readonly hosts: readonly string[];
}

function pick(rows: HostedRows, isWanted: (atMs: number) => boolean): HostedRows {
  if (rows.atMs.every(isWanted)) return rows;
  const wanted = [...rows.atMs.keys()].filter((at) => isWanted(rows.atMs[at]!)); // its keys
  const column = <T>(values: readonly T[]): T[] => wanted.map((at) => values[at]!);
  const { ids, atMs, values, hosts } = rows;
  return { ids: column(ids), atMs: column(atMs), values: column(values), hosts: column(hosts) };
}

/** Ranges of late samples by host: their windows are made already, or are being made. */
async function noteLate(session: Session, rows: HostedRows, closingMs: number): Promise<void> {
  const late = new Map<string, { fromMs: number; toMs: number }>();
  for (const [at, atMs] of rows.atMs.entries()) {
    if (atMs >= closingMs) continue;
    const host = rows.hosts[at]!; // of equal length
    const known = late.get(host);
    late.set(host, {
      fromMs: Math.min(known?.fromMs ?? atMs, atMs),
      toMs: Math.max(known?.toMs ?? atMs, atMs),
    });
  }
  if (late.size === 0) return;
  const ranges = [...late.values()];
  await session.client.query({
    ...NOTE_LATE,
    values: [[...late.keys()], ranges.map(({ fromMs }) => fromMs), ranges.map(({ toMs }) => toMs)],
  });
}

/** @returns how many samples were left out: they are older than raw ones are kept */
export async function writeRows(session: Session, rows: HostedRows): Promise<number> {
  const { closingMs, fromMs, toMs } = await holdLevels(session);
  const kept = pick(rows, (atMs) => atMs >= fromMs && atMs < toMs);
  const write = (statement: { readonly name: string; readonly text: string }, some: SampleRows) =>
    session.client.query({
      ...statement,
      values: [arrayOf(some.atMs), arrayOf(some.ids), arrayOf(some.values)],
    });
  if (kept.ids.length > 0) await write(INSERT_RAW, kept);
  if (kept.ids.length === rows.ids.length) {
    await noteLate(session, kept, closingMs);
    return 0;
  }
  const stray = pick(rows, (atMs) => atMs >= toMs);
  if (stray.ids.length > 0) await write(INSERT_STRAY, stray);
  await noteLate(session, kept, closingMs);
  return rows.ids.length - kept.ids.length - stray.ids.length;
}
