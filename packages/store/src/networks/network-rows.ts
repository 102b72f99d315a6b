import { type NetworkId, StoreError } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { asc, eq, getTableColumns, gt, sql } from "drizzle-orm";
import { checkEtag, etagOf } from "../connection/etag.ts";
import { type Database, note, type Session } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { ipAddresses, networks } from "../schema/tables.ts";
import type { NetworkReads, NetworkRecord, NetworkWrites } from "./network-queries.ts";

const columns = {
  ...getTableColumns(networks),
  allocated: sql<number>`(SELECT count(*)::float8 FROM ${ipAddresses} WHERE ${ipAddresses.network} = ${networks.name})`,
};

const selectNetworks = (db: Database) => db.select(columns).from(networks).$dynamic();

type NetworkRow = Awaited<ReturnType<typeof selectNetworks>>[number];

const toRecord = (row: NetworkRow): NetworkRecord => ({
  id: row.name as NetworkId,
  uid: row.uid,
  etag: etagOf(row.revision),
  createdAtMs: row.createdAt.getTime(),
  spec: row.spec,
  allocatedAddressCount: row.allocated,
});

export const networkNotFound = (id: NetworkId): StoreError =>
  new StoreError("NETWORK_NOT_FOUND", `no network ${id}`, { found: id });

export async function findNetwork(db: Database, id: NetworkId): Promise<NetworkRecord | undefined> {
  const [row] = await selectNetworks(db).where(eq(networks.name, id));
  return row === undefined ? undefined : toRecord(row);
}

export function createNetworkReads(db: Database): NetworkReads {
  return {
    find: (id) => findNetwork(db, id),
    get: async (id) => {
      const network = await findNetwork(db, id);
      if (network === undefined) throw networkNotFound(id);
      return network;
    },
    list: async ({ size, after }) => {
      const rows = await selectNetworks(db)
        .where(after === undefined ? undefined : gt(networks.name, after))
        .orderBy(asc(networks.name))
        .limit(size + 1);
      return pageOf(rows.map(toRecord), { size, keyOf: (network) => network.id });
    },
  };
}

async function create(
  session: Session,
  draft: Parameters<NetworkWrites["create"]>[0],
): Promise<NetworkRecord> {
  const [row] = await session.db
    .insert(networks)
    .values({
      name: draft.id,
      uid: newUuid(session.clock, session.random),
      bridge: draft.spec.bridge,
      spec: draft.spec,
    })
    .onConflictDoNothing()
    .returning();
  if (row === undefined) {
    throw new StoreError("NAME_TAKEN", `network ${draft.id} exists`, { found: draft.id });
  }
  const record = toRecord({ ...row, allocated: 0 });
  note(
    session,
    { kind: "networks", key: draft.id, operation: "created", record },
    { action: "network.create" },
  );
  return record;
}

/** Locks against placements, whose foreign key takes a key-share lock of the row. */
async function lockForRemoval(session: Session, id: NetworkId): Promise<void> {
  await session.db
    .select({ name: networks.name })
    .from(networks)
    .where(eq(networks.name, id))
    .for("update");
}

async function remove(
  session: Session,
  which: Parameters<NetworkWrites["remove"]>[0],
): Promise<NetworkRecord> {
  const { db } = session;
  await lockForRemoval(session, which.id);
  const record = await findNetwork(db, which.id);
  if (record === undefined) throw networkNotFound(which.id);
  checkEtag(`network ${which.id}`, which.etag, Number(record.etag));
  if (record.allocatedAddressCount > 0) {
    throw new StoreError("RESOURCE_IN_USE", `VMs are on network ${which.id}`, {
      found: `${record.allocatedAddressCount} addresses in use`,
      try: "delete the VMs first",
    });
  }
  await db.delete(networks).where(eq(networks.name, which.id));
  note(
    session,
    { kind: "networks", key: which.id, operation: "deleted", record },
    { action: "network.delete" },
  );
  return record;
}

export const createNetworkWrites = (session: Session): NetworkReads & NetworkWrites => ({
  ...createNetworkReads(session.db),
  create: (draft) => create(session, draft),
  remove: (which) => remove(session, which),
});
