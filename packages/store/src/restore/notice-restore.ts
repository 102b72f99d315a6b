import { assert } from "@switchyard/model";
import type { Logger } from "@switchyard/runtime";
import pg from "pg";
import { toStoreError } from "../connection/database-error.ts";

/**
 * More than any host accepts of one resource between a copy and its restore: what hosts have seen since is below
 * what is wished for from now on, and what the copy still wished for stays below what they have seen.
 */
const GENERATIONS_SKIPPED = 1_000_000;

/**
 * Cluster, timeline and the id of a table: a logical copy makes the table anew, a physical one that is brought to a
 * point in time begins a timeline, and so does a standby that takes over.
 *
 * @see PostgreSQL manual, 9.27.11 (pg_control_system), 26.3.5 (timelines); a WAL file's name begins with its timeline
 */
const READ_IDENTITY = `SELECT era, mark, (SELECT system_identifier FROM pg_control_system())
      || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
      || '/' || 'database_identity'::regclass::oid AS present
    FROM database_identity FOR UPDATE`;

const SET_IDENTITY = "UPDATE database_identity SET mark = $1, era = $2";

/**
 * What must not be taken for what it was before the copy was put in place:
 *
 * - revisions and generations: etags and wishes that hosts or callers saw after the copy was made;
 * - transaction ids in the logs, which count anew in another cluster. What the change log holds is dropped, the audit
 *   lies behind every reader;
 * - inventories: each host is to report whole before it counts as known again;
 * - enrolment tokens that were used since and would be valid again;
 * - what the outbox has: it is sent again at once. Hosts know by its id what they have done already.
 */
const SET_BACK = [
  `SELECT setval('revisions', nextval('revisions') + ${GENERATIONS_SKIPPED})`,
  `UPDATE hosts SET desired_generation = desired_generation + ${GENERATIONS_SKIPPED},
    inventory_digest = NULL, inventory_session = NULL, inventory_session_started_at = NULL,
    inventory_version = 0, revision = nextval('revisions')`,
  `UPDATE vms SET generation = generation + ${GENERATIONS_SKIPPED}, revision = nextval('revisions')`,
  "UPDATE enrollment_tokens SET expires_at = least(expires_at, now())",
  "UPDATE outbox SET next_send_at = now()",
  "TRUNCATE changes",
  "UPDATE audit SET xid = '0' WHERE xid <> '0'",
  "UPDATE log_watermarks SET xid = '0'",
  "UPDATE fleet_freeze SET frozen_at = now(), cause = 'restored'",
];

const NOTE_FREEZE = `INSERT INTO audit (actor, action, resource, request_id, details)
  VALUES ('controller', 'fleet.freeze', 'fleet', '', json_build_object('cause', 'restored', 'from', $1::text, 'to', $2::text))`;

async function note(client: pg.Client, log: Logger): Promise<number> {
  const { rows } = await client.query<{ era: string; mark: string; present: string }>(
    READ_IDENTITY,
  );
  const [found] = rows;
  assert(found !== undefined, "the migration makes the row");
  const { mark: from, present: to } = found;
  const era = Number(found.era);
  if (from === to) return era;
  const isFirst = from === "";
  const next = isFirst ? era : era + 1;
  await client.query(SET_IDENTITY, [to, next]);
  if (isFirst) return next;
  for (const statement of SET_BACK) await client.query(statement);
  await client.query(NOTE_FREEZE, [from, to]);
  log.warn({ from, to, era: next }, "the database was restored from a copy; the fleet is frozen");
  return next;
}

/**
 * Notices that the database is a copy which was put in place of another since a controller last started on it, and makes it
 * safe to go on with: the fleet is frozen until an operator lifts that, and nothing that was seen after the copy was made is
 * mistaken for what is wished for now. All of it in one transaction, on a connection of its own without limits of time: the
 * audit may be long. May run twice, and on several controllers at once.
 *
 * @throws StoreError DATABASE_UNAVAILABLE
 * @returns the era: 1, and one more with each restore
 */
export async function noticeRestore(options: {
  readonly url: string;
  readonly log: Logger;
}): Promise<number> {
  const { url, log } = options;
  const client = new pg.Client({ connectionString: url, application_name: "switchyard-restore" });
  client.on("error", (error) => log.warn({ err: error }, "database connection broke"));
  try {
    await client.connect();
    await client.query("BEGIN");
    const era = await note(client, log);
    await client.query("COMMIT");
    return era;
  } catch (error) {
    throw toStoreError(error, false);
  } finally {
    // The end of the session takes back what was not committed.
    await client.end().catch(() => undefined);
  }
}
