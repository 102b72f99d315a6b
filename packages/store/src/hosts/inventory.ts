import { and, eq, isNull, lt, or, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import type { Session } from "../connection/session.ts";
import { hosts } from "../schema/tables.ts";
import type { InventoryOutcome, InventoryUpdate } from "./host-record.ts";
import { noteHost } from "./host-rows.ts";

/** Newer: a later version of the same agent process, or any of one that started later. */
const isNewer = (update: InventoryUpdate) => {
  const startedAt = new Date(update.sessionStartAtMs);
  return or(
    isNull(hosts.inventorySession),
    and(eq(hosts.inventorySession, update.session), lt(hosts.inventoryVersion, update.version)),
    and(
      sql`${hosts.inventorySession} <> ${update.session}`,
      lt(hosts.inventorySessionStartedAt, startedAt),
    ),
  );
};

async function whyIgnored(
  session: Session,
  update: InventoryUpdate,
): Promise<Extract<InventoryOutcome, { kind: "ignored" }>> {
  const [row] = await session.db
    .select({ hostEpoch: hosts.hostEpoch })
    .from(hosts)
    .where(eq(hosts.name, update.host));
  if (row === undefined) return { kind: "ignored", why: "unknown-host" };
  const why = row.hostEpoch === update.hostEpoch ? "stale" : "wrong-epoch";
  return { kind: "ignored", why };
}

/** Takes an inventory unless a newer one is there; the first one makes an enrolled host ready. */
export async function ingestInventory(
  session: Session,
  update: InventoryUpdate,
): Promise<InventoryOutcome> {
  const { inventory } = update;
  const [taken] = await session.db
    .update(hosts)
    .set({
      inventory,
      kind: inventory.hostKind,
      agentVersion: inventory.agentVersion,
      inventorySession: update.session,
      inventorySessionStartedAt: new Date(update.sessionStartAtMs),
      inventoryVersion: update.version,
      state: sql`CASE WHEN ${hosts.state} = 'enrolled' THEN 'ready' ELSE ${hosts.state} END`,
      stateChangedAt: sql`CASE WHEN ${hosts.state} = 'enrolled' THEN now() ELSE ${hosts.stateChangedAt} END`,
      revision: nextRevision,
    })
    .where(and(eq(hosts.name, update.host), eq(hosts.hostEpoch, update.hostEpoch), isNewer(update)))
    .returning({ name: hosts.name });
  if (taken === undefined) return whyIgnored(session, update);
  const host = await noteHost(session, update.host, {
    action: "host.inventory",
    details: { session: update.session, version: String(update.version) },
  });
  return { kind: "applied", host };
}
