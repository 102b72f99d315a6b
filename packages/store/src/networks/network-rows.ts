import {
  digestOf,
  type NetworkId,
  type NetworkSpec,
  StoreError,
  type VmId,
} from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import { asc, eq, getTableColumns, gt, sql } from "drizzle-orm";
import { checkEtag, etagOf } from "../connection/etag.ts";
import { nextRevision } from "../connection/next-revision.ts";
import { type Database, note, type Session } from "../connection/session.ts";
import { lockBridge } from "../hosts/bridge-addresses.ts";
import { pageOf } from "../page.ts";
import { ipAddresses } from "../schema/tables/addresses.ts";
import { networks } from "../schema/tables/resources.ts";
import { refuseHeldReservations } from "./address-holders.ts";
import { segmentOf } from "./free-address.ts";
import {
  MUTABLE_IN_USE,
  type NetworkReads,
  type NetworkRecord,
  type NetworkWrites,
  VMS_NAMED_MAX,
} from "./network-queries.ts";

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

async function listVms(db: Database, id: NetworkId): Promise<readonly VmId[]> {
  const rows = await db
    .selectDistinct({ vm: ipAddresses.vm })
    .from(ipAddresses)
    .where(eq(ipAddresses.network, id))
    .orderBy(asc(ipAddresses.vm))
    .limit(VMS_NAMED_MAX);
  return rows.map(({ vm }) => vm as VmId);
}

export function createNetworkReads(db: Database): NetworkReads {
  return {
    listVms: (id) => listVms(db, id),
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
  await lockBridge(session, draft.spec.bridge);
  await refuseHeldReservations(session, draft.id, draft.spec);
  const [row] = await session.db
    .insert(networks)
    .values({
      name: draft.id,
      uid: newUuid(session.clock, session.random),
      bridge: draft.spec.bridge,
      vlan: segmentOf(draft.spec).vlan,
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

/**
 * Locks against placements, whose foreign key takes a key-share lock of the row.
 *
 * @throws StoreError NETWORK_NOT_FOUND, ETAG_STALE
 */
async function lock(
  session: Session,
  which: { readonly id: NetworkId; readonly etag: string },
): Promise<NetworkRecord> {
  await session.db
    .select({ name: networks.name })
    .from(networks)
    .where(eq(networks.name, which.id))
    .for("update");
  const record = await findNetwork(session.db, which.id);
  if (record === undefined) throw networkNotFound(which.id);
  checkEtag(`network ${which.id}`, which.etag, Number(record.etag));
  return record;
}

/** `a, b and 3 more`. */
async function nameVms(session: Session, record: NetworkRecord): Promise<string> {
  const named = await listVms(session.db, record.id);
  const more = record.allocatedAddressCount - named.length;
  return `${named.map((vm) => `vms/${vm}`).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** How the API calls a spec's members. */
const FIELDS: Readonly<Record<string, string>> = {
  hasAntiSpoof: "anti_spoof",
  mtu: "mtu_bytes",
  sendLimit: "send_limit",
  receiveLimit: "receive_limit",
};

const fieldsOf = (members: readonly string[]): string =>
  members.map((member) => FIELDS[member] ?? member).join(", ");

const changedMembers = (before: NetworkSpec, after: NetworkSpec): readonly string[] => {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]);
  const memberOf = (spec: NetworkSpec, member: string) => digestOf({ at: spec[member as never] });
  return [...members]
    .filter((member) => memberOf(before, member) !== memberOf(after, member))
    .sort();
};

async function update(
  session: Session,
  change: Parameters<NetworkWrites["update"]>[0],
): Promise<NetworkRecord> {
  const { id, spec } = change;
  const before = await lock(session, change);
  const fixed = changedMembers(before.spec, spec).filter(
    (member) => !(MUTABLE_IN_USE as readonly string[]).includes(member),
  );
  if (before.allocatedAddressCount > 0 && fixed.length > 0) {
    throw new StoreError(
      "RESOURCE_IN_USE",
      `${fieldsOf(fixed)} of network ${id} can't change now`,
      {
        found: await nameVms(session, before),
        needs: "no VM on the network",
        try: "make a second network for it and move the VMs, or delete them first",
      },
    );
  }
  await lockBridge(session, spec.bridge);
  await refuseHeldReservations(session, id, spec);
  await session.db
    .update(networks)
    .set({ bridge: spec.bridge, vlan: segmentOf(spec).vlan, spec, revision: nextRevision })
    .where(eq(networks.name, id));
  const record = await findNetwork(session.db, id);
  if (record === undefined) throw networkNotFound(id);
  note(
    session,
    { kind: "networks", key: id, operation: "updated", record },
    { action: "network.update" },
  );
  return record;
}

async function remove(
  session: Session,
  which: Parameters<NetworkWrites["remove"]>[0],
): Promise<NetworkRecord> {
  const record = await lock(session, which);
  if (record.allocatedAddressCount > 0) {
    throw new StoreError("RESOURCE_IN_USE", `VMs are on network ${which.id}`, {
      found: await nameVms(session, record),
      try: "delete the VMs first",
    });
  }
  await session.db.delete(networks).where(eq(networks.name, which.id));
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
  update: (change) => update(session, change),
  remove: (which) => remove(session, which),
});
