import type pg from "pg";
import { sqlState } from "../connection/database-error.ts";
import { LEVELS, type Level, type Retention } from "./levels.ts";

/** Partitions made before their time begins. */
const AHEAD = 2;

/** A partition is not worth keeping writers waiting; the next round tries again. */
const LOCK_TIMEOUT_MS = 2_000;
/** Of statements that met a limit of ours: a lock not got in time, and a wait cut short. */
const LOCK_NOT_AVAILABLE = "55P03";
const CANCELED = "57014";

const stamp = (ms: number): string => new Date(ms).toISOString();
/** Name of the partition that begins then. */
export const partitionAt = (level: Level, startMs: number): string =>
  `${level.table}_p${stamp(startMs).slice(0, 13).replace(/\D/g, "")}`;

/** Begin of a partition, from its name; undefined for any other table. */
function startOf(level: Level, name: string): number | undefined {
  const digits = name.startsWith(`${level.table}_p`) && /(\d{4})(\d{2})(\d{2})(\d{2})$/.exec(name);
  if (!digits) return undefined;
  const [, year, month, day, hour] = digits.map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!); // four groups in every match
}

interface Partition {
  readonly name: string;
  readonly startMs: number;
  /**
   * attached: of the level. detaching: a run that took it off did not come to its end. loose: nothing but a table
   * any more.
   */
  readonly state: "attached" | "detaching" | "loose";
}

async function listPartitions(client: pg.PoolClient, level: Level): Promise<readonly Partition[]> {
  const { rows } = await client.query<{ name: string; state: Partition["state"] }>(
    `SELECT c.relname AS name, CASE WHEN i.inhrelid IS NULL THEN 'loose'
        WHEN i.inhdetachpending THEN 'detaching' ELSE 'attached' END AS state
      FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
      WHERE c.relkind = 'r' AND c.relname LIKE $1
        AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($2))
      ORDER BY c.relname`,
    [`${level.table.replaceAll("_", "\\_")}\\_p%`, level.table],
  );
  return rows.flatMap(({ name, state }) => {
    const startMs = startOf(level, name);
    return startMs === undefined ? [] : [{ name, startMs, state }];
  });
}

async function inTransaction(client: pg.PoolClient, work: () => Promise<void>): Promise<void> {
  try {
    await client.query("BEGIN");
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** False where a lock was not got in time: the next round tries again. */
async function inTime(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const state = sqlState(error);
    if (state === LOCK_NOT_AVAILABLE || state === CANCELED) return false;
    throw error;
  }
}

/**
 * Makes the partitions from `fromMs` to two periods after `nowMs` where they are missing. Attached rather than
 * created in place, which keeps nobody who reads or writes waiting. May run twice.
 *
 * @see PostgreSQL manual, 5.11.2.2, Partition Maintenance
 */
async function ensurePartitions(
  client: pg.PoolClient,
  level: Level,
  range: { readonly fromMs: number; readonly nowMs: number },
): Promise<void> {
  const { table, partitionMs } = level;
  const present = (await listPartitions(client, level)).filter(({ state }) => state === "attached");
  const names = new Set(present.map(({ name }) => name));
  const first = Math.floor(range.fromMs / partitionMs);
  const last = Math.floor(range.nowMs / partitionMs) + AHEAD;
  await inTransaction(client, async () => {
    for (let period = first; period <= last; period += 1) {
      const name = partitionAt(level, period * partitionMs);
      if (names.has(name)) continue;
      const [from, to] = [period, period + 1].map((each) => stamp(each * partitionMs));
      await client.query(`CREATE TABLE IF NOT EXISTS ${name} (LIKE ${table})`);
      await client.query(
        `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`,
      );
    }
    await client.query(
      `UPDATE telemetry_levels SET partitions_to = greatest(partitions_to, $2),
          partitions_from = CASE WHEN partitions_to >= $3 THEN least(partitions_from, $3) ELSE $3 END
        WHERE level = $1`,
      [level.name, stamp((last + 1) * partitionMs), stamp(first * partitionMs)],
    );
  });
}

/** What ends before this may go: it is older than is kept, and the level above was made from it. */
async function keptFrom(client: pg.PoolClient, level: Level, oldestMs: number): Promise<number> {
  const above = LEVELS[LEVELS.indexOf(level) + 1];
  const { rows } = await client.query<{ rolled_at: Date | null }>(
    "SELECT rolled_at FROM telemetry_levels WHERE level = $1",
    [above?.name],
  );
  const rolledMs = rows[0]?.rolled_at?.getTime() ?? Number.POSITIVE_INFINITY;
  const keptMs = Math.min(oldestMs, rolledMs);
  return Math.floor(keptMs / level.partitionMs) * level.partitionMs;
}

/**
 * Detaches and drops what ended before `oldestMs`. Writers are told first, by `partitions_from`, so that none of
 * them still needs the partition when it goes; readers are never kept waiting. A run that was cut short is taken up
 * by the next.
 *
 * @returns names of dropped partitions
 */
async function dropPartitions(
  client: pg.PoolClient,
  level: Level,
  oldestMs: number,
): Promise<readonly string[]> {
  const limitMs = await keptFrom(client, level, oldestMs);
  const old = (await listPartitions(client, level)).filter(
    ({ startMs, state }) => state !== "attached" || startMs + level.partitionMs <= limitMs,
  );
  if (old.length === 0) return [];
  await inTransaction(client, async () => {
    await client.query(
      "UPDATE telemetry_levels SET partitions_from = greatest(partitions_from, $2) WHERE level = $1",
      [level.name, stamp(limitMs)],
    );
  });
  const dropped: string[] = [];
  for (const { name, state } of old) {
    const how = state === "detaching" ? "FINALIZE" : "CONCURRENTLY";
    if (state !== "loose") {
      await client.query(`ALTER TABLE ${level.table} DETACH PARTITION ${name} ${how}`);
    }
    await client.query(`DROP TABLE ${name}`);
    dropped.push(name);
  }
  return dropped;
}

/** Makes partitions ahead and drops old ones, of every level. @returns names of those dropped */
export async function maintainTelemetry(
  client: pg.PoolClient,
  options: { readonly retention: Retention; readonly nowMs: number },
): Promise<readonly string[]> {
  const { retention, nowMs } = options;
  const dropped: string[] = [];
  // CONCURRENTLY takes no transaction, so the limit is the session's while this runs.
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  for (const level of LEVELS) {
    // Samples that come late may reach as far back as raw ones are kept.
    const fromMs = nowMs - retention.raw;
    await inTime(() => ensurePartitions(client, level, { fromMs, nowMs }));
    await inTime(async () => {
      dropped.push(...(await dropPartitions(client, level, nowMs - retention[level.name])));
    });
  }
  await client.query("RESET lock_timeout");
  return dropped;
}

/** Removes samples for whose time there was no partition, and counts them: a host's clock is wrong. */
export async function takeStraySamples(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `WITH stray AS (
      DELETE FROM telemetry_stray RETURNING 1 + coalesce(cardinality(later_ms), 0) AS samples)
    SELECT coalesce(sum(samples), 0)::float8 AS count FROM stray`,
  );
  return rows[0]?.count ?? 0;
}
