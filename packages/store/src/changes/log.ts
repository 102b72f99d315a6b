import { type HostId, StoreError } from "@switchyard/model";
import type pg from "pg";
import type { AuditEvent } from "../audit/audit-queries.ts";
import { type Database, databaseOn } from "../connection/session.ts";
import { findHosts } from "../hosts/host-rows.ts";
import type { Change, Log, LogCursor, LogPage } from "./change.ts";

/*
 * A position is a database snapshot: everything visible in it is behind the reader. The next page is what
 * is visible now and was not then, by sequence number. Rows of a transaction that commits late become
 * visible late and are delivered then, whatever their number or transaction id. Entries of one key come in
 * the order of their commits: numbers are drawn just before the commit, under the row's lock.
 *
 * Text form: `era@from`, or `era@from|to|seq` in the middle of what lies between two snapshots. A database that was
 * restored from a copy counts its transactions anew: positions of another era are too old.
 */
interface Position {
  readonly from: string;
  readonly to: string | undefined;
  readonly seq: number;
}

/** `xmin:xmax:xip,…` @see PostgreSQL manual, 9.27.9, pg_snapshot */
const SNAPSHOT = /^(\d{1,19}):(\d{1,19}):((\d{1,19})(,\d{1,19})*)?$/;

function isSnapshot(text: string): boolean {
  const match = SNAPSHOT.exec(text);
  if (match === null) return false;
  const [xmin, xmax] = [BigInt(match[1]!), BigInt(match[2]!)]; // both groups are in every match
  const running = (match[3] ?? "").split(",").filter((each) => each !== "");
  return (
    xmin > 0n &&
    xmin <= xmax &&
    running.every((each) => BigInt(each) >= xmin && BigInt(each) < xmax)
  );
}

function parseCursor(cursor: LogCursor, era: number): Position {
  const [, ofEra, position = ""] = /^(\d{1,15})@(.*)$/s.exec(cursor) ?? [];
  const [from = "", to, seq = "0", ...rest] = position.split("|");
  const isWhole = isSnapshot(from) && (to === undefined || isSnapshot(to)) && rest.length === 0;
  if (!isWhole || !/^\d{1,15}$/.test(seq)) {
    throw new StoreError("RESUME_TOKEN_INVALID", "this is no position in the change log", {
      try: "watch again without a token",
    });
  }
  if (Number(ofEra) !== era) throw tooOld();
  return { from, to, seq: Number(seq) };
}

/** The position of a snapshot taken elsewhere. */
export const cursorOfSnapshot = (snapshot: string, era: number): LogCursor =>
  `${era}@${snapshot}` as LogCursor;

const formatCursor = ({ from, to, seq }: Position, era: number): LogCursor =>
  cursorOfSnapshot(to === undefined ? from : `${from}|${to}|${seq}`, era);

export const CURRENT_SNAPSHOT = "SELECT pg_current_snapshot()::text AS snapshot";

export interface LogTable<T> {
  /** Of the prepared statement. */
  readonly name: string;
  readonly table: "changes" | "audit";
  readonly columns: string;
  /** SQL condition; every row without one. */
  readonly where?: string;
  readonly toEntries: (
    rows: readonly Readonly<Record<string, unknown>>[],
  ) => readonly T[] | Promise<readonly T[]>;
}

interface LogRow extends Readonly<Record<string, unknown>> {
  readonly snapshot: string;
  readonly is_too_old: boolean;
  readonly seq: number | null;
}

const readStatement = ({ name, table, columns, where = "true" }: LogTable<never>) => ({
  name,
  text: `SELECT pg_current_snapshot()::text AS snapshot, w.xid >= pg_snapshot_xmin($1::pg_snapshot) AS is_too_old, e.*
    FROM log_watermarks w LEFT JOIN LATERAL (
      SELECT ${columns} FROM ${table}
      WHERE xid >= pg_snapshot_xmin($1::pg_snapshot)
        AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)
        AND ($2::pg_snapshot IS NULL OR pg_visible_in_snapshot(xid, $2::pg_snapshot))
        AND seq > $3 AND ${where}
      ORDER BY seq LIMIT $4) e ON true
    WHERE w.log = '${table}'
    ORDER BY e.seq`,
});

/** After a page that was the last between two snapshots, the second of them is the position. */
function nextPosition(position: Required<Position>, page: readonly LogRow[], hasMore: boolean) {
  const lastSeq = page.at(-1)?.seq;
  return hasMore && typeof lastSeq === "number"
    ? { ...position, seq: lastSeq }
    : { from: position.to ?? position.from, to: undefined, seq: 0 };
}

const tooOld = (): StoreError =>
  new StoreError("RESUME_TOKEN_TOO_OLD", "the changes after this position are no longer kept", {
    try: "list again, then watch from the new token",
  });

/** A log over a table, or over those of its rows that a condition holds for. */
export function createLog<T>(pool: pg.Pool, era: number, log: LogTable<T>): Log<T> {
  const statement = readStatement(log as LogTable<never>);

  const readPage = async (position: Position, limit: number): Promise<LogPage<T>> => {
    const { from, to, seq } = position;
    const { rows } = await pool.query<LogRow>({
      ...statement,
      values: [from, to ?? null, seq, limit + 1],
    });
    const [first] = rows;
    if (first === undefined || first.is_too_old) throw tooOld();
    const found = rows.filter((row) => row.seq !== null);
    const page = found.slice(0, limit);
    const hasMore = found.length > limit;
    const next = nextPosition({ from, to: to ?? first.snapshot, seq }, page, hasMore);
    return { entries: await log.toEntries(page), cursor: formatCursor(next, era), hasMore };
  };

  return {
    now: async () => {
      const { rows } = await pool.query<{ snapshot: string }>(CURRENT_SNAPSHOT);
      return cursorOfSnapshot(rows[0]!.snapshot, era); // a function call has one row
    },
    read: async (after, limit) => {
      const position = parseCursor(after, era);
      const page = await readPage(position, limit);
      // In the middle of two snapshots the second one is not the present: there may be more after it.
      return { ...page, hasMore: page.hasMore || position.to !== undefined };
    },
    readBetween: async ({ after, until }, limit) => {
      const position = parseCursor(after, era);
      const end = parseCursor(until, era).from;
      const page = await readPage({ ...position, to: position.to ?? end }, limit);
      return { ...page, hasMore: page.hasMore || page.cursor !== cursorOfSnapshot(end, era) };
    },
  };
}

/** Rows are written by this package from typed records, so they have these types. */
const toChange = (row: Readonly<Record<string, unknown>>, record: unknown): Change =>
  ({
    kind: row["kind"],
    key: row["key"],
    operation: row["operation"],
    record,
    atMs: (row["at"] as Date).getTime(),
  }) as Change;

/**
 * Of a host that changed only by what is allocated on it, the log keeps no copy: the record is read with the
 * page, as it is then, which is never older than the change.
 */
async function toChanges(
  db: Database,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<readonly Change[]> {
  const referred = rows.filter((row) => row["record"] === null).map((row) => row["key"] as HostId);
  const now = new Map((await findHosts(db, [...new Set(referred)])).map((host) => [host.id, host]));
  return rows.flatMap((row) => {
    const record = row["record"] ?? now.get(row["key"] as HostId);
    return record === undefined ? [] : [toChange(row, record)];
  });
}

export const toAuditEvent = (row: Readonly<Record<string, unknown>>): AuditEvent => ({
  seq: row["seq"] as number,
  atMs: (row["at"] as Date).getTime(),
  actor: row["actor"] as string,
  action: row["action"] as string,
  resource: row["resource"] as string,
  requestId: row["request_id"] as string,
  details: row["details"] as AuditEvent["details"],
});

export function createChangeLog(pool: pg.Pool, era: number): Log<Change> {
  const db = databaseOn(pool);
  return createLog(pool, era, {
    name: "read_changes",
    table: "changes",
    columns: "seq, at, kind, key, operation, record",
    toEntries: (rows) => toChanges(db, rows),
  });
}

export const createEventLog = (pool: pg.Pool, era: number): Log<AuditEvent> =>
  createLog(pool, era, {
    name: "read_audit",
    table: "audit",
    columns: "seq, at, actor, action, resource, request_id, details",
    toEntries: (rows) => rows.map(toAuditEvent),
  });
