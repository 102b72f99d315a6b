import type pg from "pg";
import { sqlState } from "../connection/database-error.ts";

export interface PartitionedTable {
  readonly table: "changes";
  readonly column: "at";
  readonly period: "hour" | "day";
  readonly keepMs: number;
  /** Log whose watermark rises when a partition goes. */
  readonly log: "changes" | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What is kept: a day of changes for resuming watches. Telemetry has ways of its own. */
export const PARTITIONED: readonly PartitionedTable[] = [
  { table: "changes", column: "at", period: "day", keepMs: DAY_MS, log: "changes" },
];

const periodMs = ({ period }: PartitionedTable): number => (period === "hour" ? HOUR_MS : DAY_MS);

/** Periods covered before they begin, and one before the present for what comes late. */
const AHEAD = 2;
const BEHIND = 1;

/** A partition is not worth keeping writers waiting; the next round tries again. */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'";
const LOCK_NOT_AVAILABLE = "55P03";
/** Rows for the new partition stand in the default one already. */
const CHECK_VIOLATION = "23514";

const nameOf = (table: PartitionedTable, startMs: number): string =>
  `${table.table}_p${new Date(startMs).toISOString().slice(0, 13).replace(/\D/g, "")}`;

const startOf = (name: string): number => {
  const digits = /_p(\d{4})(\d{2})(\d{2})(\d{2})$/.exec(name);
  if (digits === null) return Number.POSITIVE_INFINITY;
  const [, year, month, day, hour] = digits.map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!); // four groups in every match
};

async function inTransaction(client: pg.PoolClient, work: () => Promise<void>): Promise<boolean> {
  try {
    await client.query("BEGIN");
    await client.query(LOCK_TIMEOUT);
    await work();
    await client.query("COMMIT");
    return true;
  } catch (error) {
    await client.query("ROLLBACK");
    const state = sqlState(error);
    if (state === LOCK_NOT_AVAILABLE || state === CHECK_VIOLATION) return false;
    throw error;
  }
}

/** Makes the partitions of the periods around the database's present, where they are missing. */
export async function ensurePartitions(
  client: pg.PoolClient,
  table: PartitionedTable,
  nowMs: number,
): Promise<void> {
  const length = periodMs(table);
  const present = Math.floor(nowMs / length);
  for (let period = present - BEHIND; period <= present + AHEAD; period += 1) {
    const name = nameOf(table, period * length);
    const { rows } = await client.query("SELECT 1 FROM pg_class WHERE oid = to_regclass($1)", [
      name,
    ]);
    if (rows.length > 0) continue;
    const [from, to] = [period, period + 1].map((each) => new Date(each * length).toISOString());
    await inTransaction(client, async () => {
      await client.query(
        `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table.table} FOR VALUES FROM ('${from}') TO ('${to}')`,
      );
    });
  }
}

async function raiseWatermark(
  client: pg.PoolClient,
  log: string,
  partition: string,
): Promise<void> {
  await client.query(
    `UPDATE log_watermarks SET xid = greatest(xid, (SELECT max(xid) FROM ${partition})) WHERE log = $1`,
    [log],
  );
}

/** Drops partitions that ended longer ago than is kept; the default one loses its old rows. */
export async function dropOldPartitions(
  client: pg.PoolClient,
  table: PartitionedTable,
  nowMs: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = to_regclass($1) ORDER BY relname`,
    [table.table],
  );
  const limit = nowMs - table.keepMs - periodMs(table);
  const old = rows.map((row) => row.name).filter((name) => startOf(name) < limit);
  const dropped: string[] = [];
  for (const name of old) {
    const isDone = await inTransaction(client, async () => {
      if (table.log !== undefined) await raiseWatermark(client, table.log, name);
      await client.query(`DROP TABLE ${name}`);
    });
    if (isDone) dropped.push(name);
  }
  return dropped;
}

/** Rows that no partition was there for, of those still kept; older ones are removed. */
export async function countStrayRows(
  client: pg.PoolClient,
  table: PartitionedTable,
): Promise<number> {
  const stray = `${table.table}_default`;
  const limit = `now() - ${table.keepMs} * interval '1 ms'`;
  await inTransaction(client, async () => {
    if (table.log !== undefined) {
      await client.query(
        `UPDATE log_watermarks SET xid = greatest(xid,
          (SELECT max(xid) FROM ${stray} WHERE ${table.column} < ${limit})) WHERE log = $1`,
        [table.log],
      );
    }
    await client.query(`DELETE FROM ${stray} WHERE ${table.column} < ${limit}`);
  });
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::float8 AS count FROM ${stray}`,
  );
  return rows[0]?.count ?? 0;
}
