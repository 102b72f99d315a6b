import { StoreError } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import type { SeriesCache } from "./series-cache.ts";
import type { StoredSample, TelemetryInsertReport, TelemetryUpload } from "./telemetry-store.ts";

const keyOf = (upload: TelemetryUpload): string => `${upload.host}\n${upload.session}`;

/*
 * The marks are made if absent and then locked in the order of their keys: two controllers with batches of
 * one host come one after the other, and the second sees what the first stored.
 */
const ENSURE_MARKS = {
  name: "ensure_marks",
  text: `INSERT INTO telemetry_marks (host, session, seq, dropped_count)
    SELECT DISTINCT host, session, 0, 0 FROM unnest($1::text[], $2::text[]) AS m(host, session)
    ORDER BY host, session
    ON CONFLICT DO NOTHING`,
};
const LOCK_MARKS = {
  name: "lock_marks",
  text: `SELECT host, session, seq FROM telemetry_marks
    WHERE (host, session) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY host, session FOR UPDATE`,
};
const MOVE_MARKS = {
  name: "move_marks",
  text: `UPDATE telemetry_marks m
    SET seq = u.seq, dropped_count = u.dropped_count, updated_at = now()
    FROM (SELECT DISTINCT ON (host, session) * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
        AS g(host, session, seq, dropped_count)
      ORDER BY host, session, seq DESC) u
    WHERE m.host = u.host AND m.session = u.session`,
};
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
const INSERT_STRAY = {
  name: "insert_stray",
  text: `INSERT INTO telemetry_stray (ts, series, value)
    SELECT to_timestamp(at_ms / 1000), series, value
    FROM unnest($1::float8[], $2::integer[], $3::float8[]) AS s(at_ms, series, value)`,
};
const INSERT_SAMPLES = {
  name: "insert_samples",
  text: `INSERT INTO telemetry_raw (ts, series, value)
    SELECT to_timestamp(at_ms / 1000), series, value
    FROM unnest($1::float8[], $2::integer[], $3::float8[]) AS s(at_ms, series, value)`,
};
const MOVE_LATEST = {
  name: "move_latest",
  text: `UPDATE telemetry_series t SET latest_at = to_timestamp(n.at_ms / 1000), latest_value = n.value
    FROM unnest($1::integer[], $2::float8[], $3::float8[]) AS n(series, at_ms, value)
    WHERE t.id = n.series
      AND (t.latest_at IS NULL OR t.latest_at <= to_timestamp(n.at_ms / 1000))`,
};

interface MarkRow {
  readonly host: string;
  readonly session: string;
  readonly seq: number;
}

async function lockMarks(
  session: Session,
  uploads: readonly TelemetryUpload[],
): Promise<Map<string, number>> {
  const values = [uploads.map((upload) => upload.host), uploads.map((upload) => upload.session)];
  await session.client.query({ ...ENSURE_MARKS, values });
  const { rows } = await session.client.query<MarkRow>({ ...LOCK_MARKS, values });
  return new Map(rows.map((row) => [`${row.host}\n${row.session}`, row.seq]));
}

/** Indexes of uploads not seen before, in the order given. */
function unseen(
  uploads: readonly TelemetryUpload[],
  marks: ReadonlyMap<string, number>,
): readonly number[] {
  const high = new Map(marks);
  const order = uploads
    .map((upload, index) => ({ upload, index }))
    .sort((left, right) => left.upload.seq - right.upload.seq);
  const fresh = order.filter(({ upload }) => {
    const isFresh = upload.seq > (high.get(keyOf(upload)) ?? 0);
    if (isFresh) high.set(keyOf(upload), upload.seq);
    return isFresh;
  });
  return fresh.map(({ index }) => index).sort((left, right) => left - right);
}

interface Newest {
  readonly atMs: number;
  readonly value: number;
}

function newestOf(
  samples: readonly StoredSample[],
  ids: readonly number[],
): ReadonlyMap<number, Newest> {
  const newest = new Map<number, Newest>();
  samples.forEach((sample, index) => {
    const id = ids[index]!; // one id per sample
    const known = newest.get(id);
    if (known === undefined || known.atMs <= sample.atMs) newest.set(id, sample);
  });
  return newest;
}

/** What raw samples may be inserted now, and which of them come after their window. */
interface Held {
  readonly closingMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** @throws StoreError DATABASE_UNAVAILABLE before the first partitions are made */
async function holdLevels(session: Session): Promise<Held> {
  const { rows } = await session.client.query<{
    level: string;
    closing_at: Date | null;
    partitions_from: Date | null;
    partitions_to: Date | null;
  }>(HOLD_LEVELS);
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

const columnsOf = (rows: readonly Row[]) => [
  rows.map(({ sample }) => sample.atMs),
  rows.map(({ id }) => id),
  rows.map(({ sample }) => sample.value),
];

interface Row {
  readonly sample: StoredSample;
  readonly id: number;
}

/** Ranges of late samples by host: their windows are made already, or are being made. */
async function noteLate(session: Session, rows: readonly Row[], closingMs: number): Promise<void> {
  const late = new Map<string, { fromMs: number; toMs: number }>();
  for (const { sample } of rows) {
    if (sample.atMs >= closingMs) continue;
    const known = late.get(sample.host);
    late.set(sample.host, {
      fromMs: Math.min(known?.fromMs ?? sample.atMs, sample.atMs),
      toMs: Math.max(known?.toMs ?? sample.atMs, sample.atMs),
    });
  }
  if (late.size === 0) return;
  const ranges = [...late.values()];
  await session.client.query({
    ...NOTE_LATE,
    values: [[...late.keys()], ranges.map(({ fromMs }) => fromMs), ranges.map(({ toMs }) => toMs)],
  });
}

/** @returns samples left out, because what is kept begins after them */
async function writeSamples(
  session: Session,
  samples: readonly StoredSample[],
  ids: readonly number[],
): Promise<number> {
  const { closingMs, fromMs, toMs } = await holdLevels(session);
  const rows = samples.map((sample, index): Row => ({ sample, id: ids[index]! })); // one id per sample
  const kept = rows.filter(({ sample }) => sample.atMs >= fromMs && sample.atMs < toMs);
  const stray = rows.filter(({ sample }) => sample.atMs >= toMs);
  await session.client.query({ ...INSERT_SAMPLES, values: columnsOf(kept) });
  if (stray.length > 0) {
    await session.client.query({ ...INSERT_STRAY, values: columnsOf(stray) });
  }
  await noteLate(session, kept, closingMs);
  const newest = newestOf(samples, ids);
  await session.client.query({
    ...MOVE_LATEST,
    values: [
      [...newest.keys()],
      [...newest.values()].map((sample) => sample.atMs),
      [...newest.values()].map((sample) => sample.value),
    ],
  });
  return samples.length - kept.length - stray.length;
}

/** Stores the uploads not seen before; the transaction's commit does not wait for the disk. */
export async function insertSamples(
  session: Session,
  uploads: readonly TelemetryUpload[],
  series: SeriesCache,
): Promise<TelemetryInsertReport> {
  await session.client.query("SET LOCAL synchronous_commit = off");
  const marks = await lockMarks(session, uploads);
  const stored = unseen(uploads, marks);
  const fresh = stored.map((index) => uploads[index]!); // indexes of this array
  const samples = fresh.flatMap((upload) =>
    upload.samples.map((sample) => ({ ...sample, host: upload.host })),
  );
  if (fresh.length > 0) {
    await session.client.query({
      ...MOVE_MARKS,
      values: [
        fresh.map((upload) => upload.host),
        fresh.map((upload) => upload.session),
        fresh.map((upload) => upload.seq),
        fresh.map((upload) => upload.droppedCount),
      ],
    });
  }
  if (samples.length === 0) return { stored, sampleCount: 0, expiredCount: 0 };
  const expiredCount = await writeSamples(session, samples, await series.idsOf(samples));
  return { stored, sampleCount: samples.length - expiredCount, expiredCount };
}
