import type pg from "pg";
import { sqlState } from "../connection/database-error.ts";
import { ROLLUPS, type RollupLevel, type RollupName, STALE_MS } from "./levels.ts";
import { makeWindows, ROLL_UP_SETTINGS } from "./roll-up.ts";

/** One controller at a time; any number, the same in every release. */
const ADVISORY_LOCK = 7_203_112_906;

/** A window is made this long after its end: agents send every 10 s, and a batch waits its turn. */
export const CLOSE_AFTER_MS = 30_000;
/** Windows of one transaction at most; fewer where a statement meets its time limit. */
const WINDOWS_MAX: Readonly<Record<RollupName, number>> = { "1m": 15, "15m": 8, "6h": 4 };
/** Hosts with late samples seen to in one run. */
const LATE_HOSTS_MAX = 500;

/** SQLSTATE of a statement that met its time limit. */
const TIMED_OUT = "57014";

export interface RollUpReport {
  /** Begin of what is not rolled up yet, by level, milliseconds since the epoch. */
  readonly rolledMs: Readonly<Record<RollupName, number>>;
  /** Hosts whose late samples were put into windows made before. */
  readonly lateHosts: number;
}

const floorTo = (ms: number, stepMs: number): number => Math.floor(ms / stepMs) * stepMs;

interface Rolled {
  readonly "1m": number;
  readonly "15m": number;
  readonly "6h": number;
  readonly closingMs: number;
}

async function readRolled(client: pg.PoolClient): Promise<Rolled> {
  const { rows } = await client.query<{
    level: RollupName;
    rolled_at: Date;
    closing_at: Date | null;
  }>("SELECT level, rolled_at, closing_at FROM telemetry_levels WHERE rolled_at IS NOT NULL");
  const rolled = Object.fromEntries(rows.map((row) => [row.level, row.rolled_at.getTime()]));
  const closing = rows.find(({ level }) => level === "1m")?.closing_at;
  // The migration made a row per level, with its marks.
  return { ...rolled, closingMs: closing!.getTime() } as unknown as Rolled;
}

async function inTransaction(client: pg.PoolClient, work: () => Promise<void>): Promise<void> {
  try {
    await client.query(`BEGIN; ${ROLL_UP_SETTINGS}`);
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/**
 * Says from when on a sample is late. Waits for inserts under way, which hold the row: once this has committed, what
 * came in time can be seen, and what comes after says itself that it is late.
 */
async function close(client: pg.PoolClient, toMs: number): Promise<void> {
  await client.query(
    "UPDATE telemetry_levels SET closing_at = $1 WHERE level = '1m' AND closing_at < $1",
    [new Date(toMs)],
  );
}

/** Makes a level's windows from where it stands to `toMs`, a bounded number in each transaction. */
async function advance(
  client: pg.PoolClient,
  level: RollupLevel,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<number> {
  let windows = WINDOWS_MAX[level.name];
  let atMs = range.fromMs;
  while (atMs < range.toMs) {
    const toMs = Math.min(atMs + windows * level.windowMs, range.toMs);
    try {
      await inTransaction(client, async () => {
        await makeWindows(client, level, { fromMs: atMs, toMs, host: undefined });
        await client.query("UPDATE telemetry_levels SET rolled_at = $2 WHERE level = $1", [
          level.name,
          new Date(toMs),
        ]);
      });
      atMs = toMs;
    } catch (error) {
      if (sqlState(error) !== TIMED_OUT || windows === 1) throw error;
      windows = Math.floor(windows / 2);
    }
  }
  return atMs;
}

interface LateHost {
  readonly host: string;
  readonly from_at: Date;
  readonly to_at: Date;
}

/** Makes the windows of one host's late samples anew, on every level that has made them already. */
async function mend(client: pg.PoolClient, rolled: Rolled): Promise<boolean> {
  let isAny = false;
  await inTransaction(client, async () => {
    const { rows } = await client.query<LateHost>(
      `WITH one AS (SELECT host FROM telemetry_late ORDER BY id LIMIT 1),
        taken AS (DELETE FROM telemetry_late WHERE host = (SELECT host FROM one)
          RETURNING host, from_at, to_at)
      SELECT host, min(from_at) AS from_at, max(to_at) AS to_at FROM taken GROUP BY host`,
    );
    const [late] = rows;
    if (late === undefined) return;
    isAny = true;
    // The sample behind the newest late one counts from that one now.
    const range = { fromMs: late.from_at.getTime(), toMs: late.to_at.getTime() + STALE_MS + 1 };
    for (const level of ROLLUPS) {
      const fromMs = floorTo(range.fromMs, level.windowMs);
      const endMs = floorTo(range.toMs - 1, level.windowMs) + level.windowMs;
      const toMs = Math.min(endMs, rolled[level.name]);
      if (fromMs < toMs) await makeWindows(client, level, { fromMs, toMs, host: late.host });
    }
  });
  return isAny;
}

async function rollUpLocked(client: pg.PoolClient, nowMs: number): Promise<RollUpReport> {
  const before = await readRolled(client);
  const closingMs = Math.max(
    before.closingMs,
    floorTo(nowMs - CLOSE_AFTER_MS, ROLLUPS[0].windowMs),
  );
  await close(client, closingMs);
  const rolled = { ...before, closingMs };
  let belowMs = closingMs;
  for (const level of ROLLUPS) {
    const toMs = floorTo(belowMs, level.windowMs);
    rolled[level.name] = await advance(client, level, { fromMs: before[level.name], toMs });
    belowMs = rolled[level.name];
  }
  let lateHosts = 0;
  while (lateHosts < LATE_HOSTS_MAX && (await mend(client, rolled))) lateHosts += 1;
  const { closingMs: _closing, ...rolledMs } = rolled;
  return { rolledMs, lateHosts };
}

/**
 * Rolls up every window that ended a while ago, and puts late samples into theirs. Undefined where another
 * controller does. May run twice and be cut short anywhere: each transaction moves its mark with its windows.
 *
 * @param nowMs the database's own time unless told
 */
export async function rollUp(pool: pg.Pool, nowMs?: number): Promise<RollUpReport | undefined> {
  const client = await pool.connect();
  let isSound = false;
  try {
    const { rows } = await client.query<{ locked: boolean; now: Date }>(
      "SELECT pg_try_advisory_lock($1) AS locked, now() AS now",
      [ADVISORY_LOCK],
    );
    const { locked, now } = rows[0]!; // a function call has one row
    const report = locked ? await rollUpLocked(client, nowMs ?? now.getTime()) : undefined;
    await client.query("SELECT pg_advisory_unlock($1)", [ADVISORY_LOCK]);
    isSound = true;
    return report;
  } finally {
    // A connection that failed half-way may still hold the lock: it is closed.
    client.release(!isSound);
  }
}
