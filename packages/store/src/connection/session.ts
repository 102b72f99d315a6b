import type { HostId } from "@switchyard/model";
import type { Clock, Random } from "@switchyard/runtime";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import type pg from "pg";
import type { Change, ChangeKind, ChangeOperation, ChangeRecords } from "../changes/change.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import type { TransactionClient } from "./transaction-client.ts";

/** drizzle over a pool or over the one connection of a transaction. */
export type Database = NodePgDatabase & { readonly $client: Pick<pg.Pool, "query"> };

export const databaseOn = (client: pg.Pool | TransactionClient): Database =>
  // All that drizzle uses of a client is its promise-style `query`.
  drizzle({ client: client as pg.Pool });

export interface PendingChange {
  readonly kind: ChangeKind;
  readonly key: string;
  readonly operation: ChangeOperation;
  /**
   * Null for a host that changed through other tables: readers take it as they find it. Undefined for one where
   * that is nothing but a VM whose own change is logged beside it.
   */
  readonly record: Change["record"] | null | undefined;
}

export interface PendingAudit {
  /** Undefined: the session's own. */
  readonly actor?: string;
  readonly requestId?: string;
  readonly action: string;
  readonly resource: string;
  readonly details: Readonly<Record<string, string>>;
}

/** What one transaction carries: its connection, who asked, and what it will log before its commit. */
export interface Session {
  readonly client: TransactionClient;
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly actor: string;
  readonly requestId: string;
  /** Of the jobs and other work that it creates; a trace begun now where the caller brought none. */
  readonly traceparent: () => string;
  /** The same for each of several that have nothing to do with each other: the caller's, or one of its own. */
  readonly ownTraceparent: () => string;
  readonly changes: PendingChange[];
  readonly audits: PendingAudit[];
  /** Jobs that ended here; their effects run once `work` is done. */
  readonly endedJobs: JobRecord[];
  /** Hosts whose record changed through other rows (slots, allocations): logged once, at the end. */
  readonly touchedHosts: Set<HostId>;
  /** Hosts of VMs that were placed or removed: the VM's change says all of it. */
  readonly placedHosts: Set<HostId>;
}

/** The same session for work of another trace; empty: the session as it is. */
export const sessionInTrace = (session: Session, traceparent: string): Session =>
  traceparent === ""
    ? session
    : { ...session, traceparent: () => traceparent, ownTraceparent: () => traceparent };

/** Notes a change and its audit entry; both are written just before the commit. */
export function note<Kind extends ChangeKind>(
  session: Session,
  change: {
    readonly kind: Kind;
    readonly key: string;
    readonly operation: ChangeOperation;
    readonly record: ChangeRecords[Kind];
  },
  audit: {
    readonly action: string;
    readonly details?: Readonly<Record<string, string>>;
  },
): void {
  session.changes.push(change);
  session.audits.push({
    action: audit.action,
    resource: `${change.kind}/${change.key}`,
    details: audit.details ?? {},
  });
}

const INSERT_LOGS = {
  name: "insert_logs",
  text: `WITH change AS (
    INSERT INTO changes (kind, key, operation, record)
    SELECT kind, key, operation, record::json
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS c(kind, key, operation, record))
  INSERT INTO audit (actor, action, resource, request_id, details)
  SELECT actor, action, resource, request_id, details::json
  FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
    AS a(actor, action, resource, request_id, details)`,
};

/** Writes all noted changes and audit entries in one statement, which goes with the commit. */
export function flushLogs(session: Session): void {
  const { changes, audits } = session;
  if (changes.length === 0 && audits.length === 0) return;
  session.client.defer({
    ...INSERT_LOGS,
    values: [
      changes.map((change) => change.kind),
      changes.map((change) => change.key),
      changes.map((change) => change.operation),
      changes.map(({ record }) => (record === undefined ? null : JSON.stringify(record))),
      audits.map((audit) => audit.actor ?? session.actor),
      audits.map((audit) => audit.action),
      audits.map((audit) => audit.resource),
      audits.map((audit) => audit.requestId ?? session.requestId),
      audits.map((audit) => JSON.stringify(audit.details)),
    ],
  });
}
