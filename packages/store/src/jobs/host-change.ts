import { type HostId, JOB_KINDS_WITHOUT_CHANGE, type JobKind } from "@switchyard/model";
import { sql } from "drizzle-orm";
import type { Database } from "../connection/session.ts";
import type { HostChange } from "./job-record.ts";

/** An exclusive job and one per VM at a time fit many times; older ones are not looked at. */
const JOBS_MAX = 50;

/** Reads no event: this runs with every inventory of every host. */
export async function readHostChange(
  db: Database,
  host: HostId,
  kinds?: readonly JobKind[],
): Promise<HostChange> {
  const counts =
    kinds === undefined ? sql`kind NOT IN ${JOB_KINDS_WITHOUT_CHANGE}` : sql`kind IN ${[...kinds]}`;
  const { rows } = await db.execute<{ is_under_way: boolean | null; last_at_ms: string | null }>(
    sql`SELECT bool_or(ended_at IS NULL) AS is_under_way,
          max(last_event_at_ms) FILTER (WHERE ended_at IS NOT NULL) AS last_at_ms
        FROM (SELECT kind, ended_at, last_event_at_ms FROM jobs WHERE host = ${host}
              ORDER BY id DESC LIMIT ${JOBS_MAX}) AS newest
        WHERE ${counts}`,
  );
  const [row] = rows;
  const lastAtMs = row?.last_at_ms ?? null;
  return {
    isUnderWay: row?.is_under_way ?? false,
    lastAtMs: lastAtMs === null ? undefined : Number(lastAtMs),
  };
}
