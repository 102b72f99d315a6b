import type { Session } from "../connection/session.ts";
import { type DictionaryCache, openDictionaries, sessionKey } from "./dictionaries.ts";
import { type HeldLevels, HOLD_LEVELS, readHeld } from "./hold-levels.ts";
import { addRuns, noRuns, type SampleRuns } from "./sample-runs.ts";
import { addSeen, formatSeen, hasSeen, parseSeen, type Seen } from "./seen.ts";
import type { SeriesIds } from "./series-ids.ts";
import type { TelemetryInsertReport, TelemetryUpload } from "./telemetry-store.ts";
import { writeRuns } from "./write-runs.ts";

/** Nobody waits for the disk: should the database lose it in a crash, so it does with the marks. */
const COMMIT_AT_ONCE = { name: "commit_at_once", text: "SET LOCAL synchronous_commit = off" };

/*
 * The marks are made if absent and then locked in the order of their keys: two controllers with batches of
 * one session come one after the other, and the second sees what the first stored.
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
  text: `SELECT host, session, seen::text AS seen FROM telemetry_marks
    WHERE (host, session) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY host, session FOR UPDATE`,
};
const MOVE_MARKS = {
  name: "move_marks",
  text: `UPDATE telemetry_marks m
    SET seq = greatest(m.seq, u.seq), seen = u.seen::int8multirange,
      dropped_count = greatest(m.dropped_count, u.dropped_count), updated_at = now()
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
      AS u(host, session, seq, dropped_count, seen)
    WHERE m.host = u.host AND m.session = u.session`,
};

interface Mark {
  readonly upload: TelemetryUpload;
  readonly seen: Seen;
  readonly seq: number;
  readonly droppedCount: number;
}

/** Locks the marks, then the levels. @throws StoreError DATABASE_UNAVAILABLE before the first partitions are made */
async function lock(
  session: Session,
  uploads: readonly TelemetryUpload[],
): Promise<{ readonly seen: ReadonlyMap<string, Seen>; readonly held: HeldLevels }> {
  const values = [uploads.map((upload) => upload.host), uploads.map((upload) => upload.session)];
  session.client.defer(COMMIT_AT_ONCE);
  const [, marks, levels] = await session.client.queryAll([
    { ...ENSURE_MARKS, values },
    { ...LOCK_MARKS, values },
    HOLD_LEVELS,
  ]);
  const rows = (marks?.rows ?? []) as readonly (Pick<TelemetryUpload, "host" | "session"> & {
    readonly seen: string;
  })[];
  return {
    seen: new Map(rows.map((row) => [sessionKey(row), parseSeen(row.seen)])),
    held: readHeld(levels),
  };
}

/** Indexes in the order in which their sessions sent them: a batch may name what a later one has. */
const inOrder = (uploads: readonly TelemetryUpload[]): readonly number[] =>
  [...uploads.keys()].sort((left, right) => uploads[left]!.seq - uploads[right]!.seq); // their indexes

function moveMarks(session: Session, marks: readonly Mark[]): void {
  session.client.defer({
    ...MOVE_MARKS,
    values: [
      marks.map(({ upload }) => upload.host),
      marks.map(({ upload }) => upload.session),
      marks.map(({ seq }) => seq),
      marks.map(({ droppedCount }) => droppedCount),
      marks.map(({ seen }) => formatSeen(seen)),
    ],
  });
}

export interface Inserted extends TelemetryInsertReport {
  /** What became known of sessions' series; true once the transaction has committed. */
  readonly named: DictionaryCache;
  readonly runs: SampleRuns;
}

/**
 * Stores the uploads not seen before, in one transaction with the marks that say so. What it writes goes with the
 * commit, in one round trip.
 *
 * @throws StoreError DATABASE_UNAVAILABLE before the first partitions are made
 */
export async function insertSamples(
  session: Session,
  uploads: readonly TelemetryUpload[],
  known: { readonly cache: DictionaryCache; readonly ids: SeriesIds },
): Promise<Inserted> {
  const { seen, held } = await lock(session, uploads);
  const fresh = inOrder(uploads).filter((index) => {
    const upload = uploads[index]!; // an index of it, as below
    return !hasSeen(seen.get(sessionKey(upload)) ?? [], upload.seq);
  });
  const dictionaries = await openDictionaries(
    session,
    fresh.map((index) => uploads[index]!),
    known,
  );
  const runs = noRuns();
  let takenCount = 0;
  const marks = new Map<string, Mark>();
  const stored: number[] = [];
  const unnamed: number[] = [];
  for (const index of fresh) {
    const upload = uploads[index]!;
    const key = sessionKey(upload);
    const mark = marks.get(key);
    const own = mark?.seen ?? seen.get(key) ?? [];
    // Twice in one call.
    if (hasSeen(own, upload.seq)) continue;
    const dictionary = await dictionaries.take(upload);
    if (dictionary === undefined) {
      unnamed.push(index);
      continue;
    }
    takenCount += addRuns(runs, upload, dictionary);
    stored.push(index);
    marks.set(key, {
      upload,
      seen: addSeen(own, upload.seq),
      seq: Math.max(mark?.seq ?? 0, upload.seq),
      droppedCount: Math.max(mark?.droppedCount ?? 0, upload.droppedCount),
    });
  }
  if (stored.length === 0) {
    return { ...{ stored, unnamed, runs, named: new Map() }, sampleCount: 0, expiredCount: 0 };
  }
  dictionaries.write();
  moveMarks(session, [...marks.values()]);
  const expiredCount = writeRuns(session, runs, held);
  return {
    ...{ stored: stored.sort((left, right) => left - right), unnamed, runs, expiredCount },
    named: dictionaries.named,
    sampleCount: takenCount - expiredCount,
  };
}
