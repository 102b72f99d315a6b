import {
  assert,
  type ExperimentId,
  type HostId,
  type Inventory,
  type MacAddress,
  type PciAddress,
  type ProfileId,
  type VmId,
} from "@switchyard/model";
import { and, asc, eq, getTableColumns, inArray, type SQL, sql } from "drizzle-orm";
import { etagOf } from "../connection/etag.ts";
import { type Database, note, type Session } from "../connection/session.ts";
import { slots } from "../schema/tables/addresses.ts";
import { hostPresence, hosts } from "../schema/tables/hosts.ts";
import { allocationNics, allocations } from "../schema/tables/vms.ts";
import type { HostRecord, SlotRecord } from "./host-record.ts";

const used = (what: SQL): SQL<number> =>
  sql<number>`(SELECT coalesce(${what}, 0)::float8 FROM ${allocations} WHERE ${allocations.host} = ${hosts.name})`;

const usedSlots = sql<number>`(SELECT count(*)::float8 FROM ${allocationNics} WHERE ${allocationNics.host} = ${hosts.name})`;

const columns = {
  ...getTableColumns(hosts),
  lastSeenAt: hostPresence.lastSeenAt,
  usedVcpus: used(sql`sum(${allocations.vcpuCount})`),
  usedMemory: used(
    sql`sum(${allocations.memoryBytes}) FILTER (WHERE ${allocations.hugepageBytes} IS NULL)`,
  ),
  usedSlots,
};
/** Host rows with what is allocated on them, ascending by name. */
export const selectHosts = (db: Database) =>
  db
    .select(columns)
    .from(hosts)
    .leftJoin(hostPresence, eq(hostPresence.host, hosts.name))
    .$dynamic();

type HostRow = Awaited<ReturnType<typeof selectHosts>>[number];

/** With the time of the last look, which may have seen nothing new. */
function inventoryOf({ inventory, inventoryObservedAtMs }: HostRow): Inventory | undefined {
  if (inventory === null) return undefined;
  return { ...inventory, observedAtMs: inventoryObservedAtMs ?? inventory.observedAtMs };
}

export function toHostRecord(row: HostRow): HostRecord {
  return {
    id: row.name as HostId,
    uid: row.uid,
    etag: etagOf(row.revision),
    labels: row.labels,
    kind: row.kind ?? undefined,
    state: row.state,
    hostEpoch: row.hostEpoch,
    nkeyPublic: row.nkeyPublic,
    shard: row.shard,
    createdAtMs: row.createdAt.getTime(),
    agentVersion: row.agentVersion,
    desiredGeneration: row.desiredGeneration,
    appliedGeneration: row.appliedGeneration,
    appliedProfile: (row.appliedProfile as ProfileId | null) ?? undefined,
    appliedDesired: row.appliedDesired ?? undefined,
    bootInForce: row.bootInForce ?? undefined,
    drift: row.drift,
    datapathMode: row.datapathMode ?? undefined,
    cordon: row.cordon ?? undefined,
    fence: row.fence ?? undefined,
    lease:
      row.experiment === null
        ? undefined
        : { experiment: row.experiment as ExperimentId, mode: row.experimentMode ?? undefined },
    inventory: inventoryOf(row),
    inventoryDigest: row.inventoryDigest ?? undefined,
    inventorySession: row.inventorySession ?? undefined,
    inventoryVersion: row.inventoryVersion,
    allocated: {
      vcpuCount: row.usedVcpus,
      memoryBytes: row.usedMemory,
      slotCount: row.usedSlots,
    },
    lastSeenAtMs: row.lastSeenAt?.getTime(),
  };
}

export async function findHost(db: Database, id: HostId): Promise<HostRecord | undefined> {
  const [row] = await selectHosts(db).where(eq(hosts.name, id));
  return row === undefined ? undefined : toHostRecord(row);
}

export async function findHosts(
  db: Database,
  ids: readonly HostId[],
): Promise<readonly HostRecord[]> {
  if (ids.length === 0) return [];
  const rows = await selectHosts(db)
    .where(inArray(hosts.name, [...ids]))
    .orderBy(asc(hosts.name));
  return rows.map(toHostRecord);
}

/** Slots of some hosts (all when undefined), in order of host, PF and index. */
export async function selectSlots(
  db: Database,
  host: HostId | undefined,
): Promise<readonly SlotRecord[]> {
  const rows = await db
    .select({ ...getTableColumns(slots), vm: allocationNics.vm })
    .from(slots)
    .leftJoin(
      allocationNics,
      and(
        eq(allocationNics.host, slots.host),
        eq(allocationNics.pf, slots.pf),
        eq(allocationNics.vfIndex, slots.vfIndex),
      ),
    )
    .where(host === undefined ? undefined : eq(slots.host, host))
    .orderBy(asc(slots.host), asc(slots.pf), asc(slots.vfIndex));
  return rows.map((row) => ({
    host: row.host as HostId,
    pf: row.pf as PciAddress,
    vfIndex: row.vfIndex,
    mac: row.mac as MacAddress,
    vm: (row.vm as VmId | null) ?? undefined,
  }));
}

/**
 * Logs hosts whose record changed through other tables, by name alone: a record holds the whole inventory, and
 * every VM that is placed changes one.
 */
export function noteTouchedHosts(session: Session): void {
  const { touchedHosts, placedHosts, changes } = session;
  for (const key of [...new Set([...touchedHosts, ...placedHosts])].sort()) {
    const record = touchedHosts.has(key) ? null : undefined;
    changes.push({ kind: "hosts", key, operation: "updated", record });
  }
}

/** Notes a change of the host's own row, read back whole. */
export async function noteHost(
  session: Session,
  id: HostId,
  audit: {
    readonly operation?: "created" | "updated";
    readonly action: string;
    readonly details?: Readonly<Record<string, string>>;
  },
): Promise<HostRecord> {
  const record = await findHost(session.db, id);
  assert(record !== undefined, `host ${id} was changed, so it is there`);
  session.touchedHosts.delete(id);
  session.placedHosts.delete(id);
  note(
    session,
    { kind: "hosts", key: id, operation: audit.operation ?? "updated", record },
    { action: audit.action, details: audit.details ?? {} },
  );
  return record;
}
