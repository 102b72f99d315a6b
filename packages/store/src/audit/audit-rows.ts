import { and, desc, eq, lt } from "drizzle-orm";
import type { Database, Session } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { audit } from "../schema/tables/logs.ts";
import type { AuditEvent, AuditReads, AuditWrites } from "./audit-queries.ts";

const toEvent = (row: typeof audit.$inferSelect): AuditEvent => ({
  seq: row.seq,
  atMs: row.at.getTime(),
  actor: row.actor,
  action: row.action,
  resource: row.resource,
  requestId: row.requestId,
  details: row.details,
});

export function createAuditReads(db: Database): AuditReads {
  return {
    list: async ({ size, after, resource }) => {
      const rows = await db
        .select()
        .from(audit)
        .where(
          and(
            after === undefined ? undefined : lt(audit.seq, Number(after)),
            resource === undefined ? undefined : eq(audit.resource, resource),
          ),
        )
        .orderBy(desc(audit.seq))
        .limit(size + 1);
      return pageOf(rows.map(toEvent), { size, keyOf: (event) => String(event.seq) });
    },
  };
}

export const createAuditWrites = (session: Session): AuditReads & AuditWrites => ({
  ...createAuditReads(session.db),
  record: (entry) => {
    session.audits.push(entry);
  },
});
