import {
  applyDelta,
  assert,
  type Inventory,
  type InventoryDelta,
  inventoryDigest,
} from "@switchyard/model";
import { and, eq, isNull, lt, ne, or, sql } from "drizzle-orm";
import { nextRevision } from "../connection/next-revision.ts";
import type { Session } from "../connection/session.ts";
import { hosts } from "../schema/tables/hosts.ts";
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

/** The enrolment it is of, with nothing newer there. */
const mayTake = (update: InventoryUpdate) =>
  and(eq(hosts.name, update.host), eq(hosts.hostEpoch, update.hostEpoch), isNewer(update));

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

/** Which look it was. */
const stampOf = (update: InventoryUpdate, observedAtMs: number) => ({
  inventorySession: update.session,
  inventorySessionStartedAt: new Date(update.sessionStartAtMs),
  inventoryVersion: update.version,
  inventoryObservedAtMs: observedAtMs,
});

/**
 * Takes an inventory, or what changed since the one that is there, unless a newer one is; the first one makes an
 * enrolled host ready.
 */
export function ingestInventory(
  session: Session,
  update: InventoryUpdate,
): Promise<InventoryOutcome> {
  const { inventory, delta } = update;
  if (delta === undefined) {
    assert(inventory !== undefined, "an update has an inventory or a delta");
    return takeWhole(session, update, inventory);
  }
  return delta.edits.length === 0
    ? takeLook(session, update, delta)
    : takeDelta(session, update, delta);
}

async function takeWhole(
  session: Session,
  update: InventoryUpdate,
  inventory: Inventory,
): Promise<InventoryOutcome> {
  const [taken] = await session.db
    .update(hosts)
    .set({
      ...stampOf(update, inventory.observedAtMs),
      inventory,
      inventoryDigest: inventoryDigest(inventory),
      kind: inventory.hostKind,
      agentVersion: inventory.agentVersion,
      state: sql`CASE WHEN ${hosts.state} = 'enrolled' THEN 'ready' ELSE ${hosts.state} END`,
      stateChangedAt: sql`CASE WHEN ${hosts.state} = 'enrolled' THEN now() ELSE ${hosts.stateChangedAt} END`,
      revision: nextRevision,
    })
    .where(mayTake(update))
    .returning({ name: hosts.name });
  if (taken === undefined) return whyIgnored(session, update);
  const host = await noteHost(session, update.host, {
    action: "host.inventory",
    details: { session: update.session, version: String(update.version) },
  });
  return { kind: "applied", host };
}

/** A look that saw nothing new: the inventory is not written again, and nobody who watches the host is told. */
async function takeLook(
  session: Session,
  update: InventoryUpdate,
  { baseDigest, digest, observedAtMs }: InventoryDelta,
): Promise<InventoryOutcome> {
  if (digest !== baseDigest) return { kind: "needs-whole" };
  const [taken] = await session.db
    .update(hosts)
    .set(stampOf(update, observedAtMs))
    .where(and(mayTake(update), eq(hosts.inventoryDigest, baseDigest), ne(hosts.state, "enrolled")))
    .returning({ name: hosts.name });
  return taken === undefined ? whyNotApplied(session, update) : { kind: "unchanged" };
}

async function takeDelta(
  session: Session,
  update: InventoryUpdate,
  delta: InventoryDelta,
): Promise<InventoryOutcome> {
  const [base] = await session.db
    .select({ inventory: hosts.inventory })
    .from(hosts)
    .where(and(mayTake(update), eq(hosts.inventoryDigest, delta.baseDigest)))
    .for("no key update");
  const inventory = base?.inventory == null ? undefined : applyDelta(base.inventory, delta);
  if (inventory === undefined) return whyNotApplied(session, update);
  return takeWhole(session, update, inventory);
}

/** An older one is ignored as ever; one that is newer than what is there can't be used without its base. */
async function whyNotApplied(session: Session, update: InventoryUpdate): Promise<InventoryOutcome> {
  const [newer] = await session.db.select({ name: hosts.name }).from(hosts).where(mayTake(update));
  return newer === undefined ? whyIgnored(session, update) : { kind: "needs-whole" };
}
