import type pg from "pg";
import type { MaintenanceReport } from "../store.ts";
import type { Retention } from "../telemetry/levels.ts";
import { maintainTelemetry, takeStraySamples } from "../telemetry/partitions.ts";
import { countStrayRows, dropOldPartitions, ensurePartitions, PARTITIONED } from "./partitions.ts";

/** One controller at a time; any number, the same in every release. */
const ADVISORY_LOCK = 7_203_112_905;

/** Rows one statement removes at most, so that no removal holds locks for long. */
const PRUNE_MAX = 5_000;

/** How long rows are kept. Answers to request ids 24 h; ended jobs, their events and the audit 90 days. */
const PRUNE = [
  `DELETE FROM requests WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM requests WHERE created_at < now() - interval '24 h' LIMIT ${PRUNE_MAX}))`,
  `DELETE FROM enrollment_tokens WHERE expires_at < now() - interval '7 days'`,
  `DELETE FROM telemetry_marks WHERE updated_at < now() - interval '2 days'`,
  // Job ids begin with their time, so the oldest stand first.
  `WITH old AS (
    SELECT id FROM (SELECT id, ended_at FROM jobs ORDER BY id LIMIT ${PRUNE_MAX}) AS oldest
    WHERE ended_at < now() - interval '90 days'),
  event AS (DELETE FROM job_events WHERE job IN (SELECT id FROM old))
  DELETE FROM jobs WHERE id IN (SELECT id FROM old)`,
  `WITH old AS (
    DELETE FROM audit WHERE seq IN (
      SELECT seq FROM (SELECT seq, at FROM audit ORDER BY seq LIMIT ${PRUNE_MAX}) AS oldest
      WHERE at < now() - interval '90 days')
    RETURNING xid)
  UPDATE log_watermarks SET xid = greatest(xid, (SELECT max(xid) FROM old))
  WHERE log = 'audit' AND EXISTS (SELECT FROM old)`,
];

const NOTHING: MaintenanceReport = { droppedPartitions: [], strayRows: 0 };

async function maintainLocked(
  client: pg.PoolClient,
  retention: Retention,
): Promise<MaintenanceReport> {
  const { rows } = await client.query<{ now: Date }>("SELECT now() AS now");
  const nowMs = rows[0]!.now.getTime(); // a function call has one row
  const droppedPartitions: string[] = [];
  let strayRows = 0;
  for (const table of PARTITIONED) {
    await ensurePartitions(client, table, nowMs);
    droppedPartitions.push(...(await dropOldPartitions(client, table, nowMs)));
    strayRows += await countStrayRows(client, table);
  }
  droppedPartitions.push(...(await maintainTelemetry(client, { retention, nowMs })));
  strayRows += await takeStraySamples(client);
  for (const statement of PRUNE) await client.query(statement);
  return { droppedPartitions, strayRows };
}

/** Keeps the partitioned tables going and removes what is over; nothing where another controller does. */
export async function maintain(pool: pg.Pool, retention: Retention): Promise<MaintenanceReport> {
  const client = await pool.connect();
  let isSound = false;
  try {
    const { rows } = await client.query<{ locked: boolean }>(
      "SELECT pg_try_advisory_lock($1) AS locked",
      [ADVISORY_LOCK],
    );
    const report = rows[0]?.locked === true ? await maintainLocked(client, retention) : NOTHING;
    await client.query("SELECT pg_advisory_unlock($1)", [ADVISORY_LOCK]);
    isSound = true;
    return report;
  } finally {
    // A connection that failed half-way may still hold the lock: it is closed.
    client.release(!isSound);
  }
}
