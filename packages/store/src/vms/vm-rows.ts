import {
  type AllocatedNic,
  type HostId,
  type Ipv4Address,
  type JobId,
  type MacAddress,
  type NetworkId,
  type PciAddress,
  StoreError,
  type VmId,
  withPrefix,
} from "@switchyard/model";
import { and, asc, eq, getTableColumns, gt, inArray } from "drizzle-orm";
import { etagOf } from "../connection/etag.ts";
import type { Database } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { slots } from "../schema/tables/addresses.ts";
import { hosts } from "../schema/tables/hosts.ts";
import { allocationNics, allocations, vms } from "../schema/tables/vms.ts";
import type { VmReads, VmRecord } from "./vm-queries.ts";

const selectVms = (db: Database) =>
  db
    .select({
      vm: getTableColumns(vms),
      allocation: getTableColumns(allocations),
      hostKind: hosts.kind,
    })
    .from(vms)
    .innerJoin(allocations, eq(allocations.vm, vms.name))
    .innerJoin(hosts, eq(hosts.name, allocations.host))
    .$dynamic();

type VmRow = Awaited<ReturnType<typeof selectVms>>[number];

/** NICs of some VMs, each VM's in their order. */
const selectNics = (db: Database, ids: readonly string[]) =>
  db
    .select({ nic: getTableColumns(allocationNics), slotMac: slots.mac })
    .from(allocationNics)
    .innerJoin(
      slots,
      and(
        eq(slots.host, allocationNics.host),
        eq(slots.pf, allocationNics.pf),
        eq(slots.vfIndex, allocationNics.vfIndex),
      ),
    )
    .where(inArray(allocationNics.vm, [...ids]))
    .orderBy(asc(allocationNics.vm), asc(allocationNics.index));

type NicRow = Awaited<ReturnType<typeof selectNics>>[number];

const toNic = ({ nic, slotMac }: NicRow): AllocatedNic => ({
  index: nic.index,
  kind: nic.kind,
  pf: nic.pf as PciAddress,
  vfIndex: nic.vfIndex,
  slotMac: slotMac as MacAddress,
  mac: nic.mac as MacAddress,
  network: nic.network as NetworkId,
  address: withPrefix(nic.address as Ipv4Address, nic.prefixLength),
  bridge: nic.bridge,
  queuePairs: nic.queuePairs,
});

const toRecord = (
  { vm, allocation, hostKind }: VmRow,
  nics: readonly AllocatedNic[],
): VmRecord => ({
  id: vm.name as VmId,
  uid: vm.uid,
  etag: etagOf(vm.revision),
  generation: vm.generation,
  createdAtMs: vm.createdAt.getTime(),
  spec: vm.spec,
  state: vm.state,
  hostKind: hostKind ?? undefined,
  allocation: {
    vm: vm.name as VmId,
    host: allocation.host as HostId,
    vcpuCount: allocation.vcpuCount,
    memoryBytes: allocation.memoryBytes,
    nics,
  },
  homeHost: (vm.homeHost as HostId | null) ?? undefined,
  job: (vm.job as JobId | null) ?? undefined,
  failure: vm.failure ?? undefined,
  stateReason: vm.stateReason ?? undefined,
  bootId: vm.bootId ?? undefined,
});

async function withNics(db: Database, rows: readonly VmRow[]): Promise<readonly VmRecord[]> {
  if (rows.length === 0) return [];
  const nics = new Map<string, AllocatedNic[]>();
  for (const row of await selectNics(
    db,
    rows.map(({ vm }) => vm.name),
  )) {
    const own = nics.get(row.nic.vm) ?? [];
    nics.set(row.nic.vm, [...own, toNic(row)]);
  }
  return rows.map((row) => toRecord(row, nics.get(row.vm.name) ?? []));
}

export const vmNotFound = (id: VmId): StoreError =>
  new StoreError("VM_NOT_FOUND", `no VM ${id}`, { found: id });

export async function findVm(db: Database, id: VmId): Promise<VmRecord | undefined> {
  const [record] = await withNics(db, await selectVms(db).where(eq(vms.name, id)));
  return record;
}

/** All VMs of some hosts, ascending by name. */
export async function listVmsOn(
  db: Database,
  hostIds: readonly HostId[],
): Promise<readonly VmRecord[]> {
  const rows = await selectVms(db)
    .where(inArray(allocations.host, [...hostIds]))
    .orderBy(asc(vms.name));
  return withNics(db, rows);
}

export function createVmReads(db: Database): VmReads {
  return {
    find: (id) => findVm(db, id),
    get: async (id) => {
      const vm = await findVm(db, id);
      if (vm === undefined) throw vmNotFound(id);
      return vm;
    },
    list: async ({ size, after, host }) => {
      const rows = await selectVms(db)
        .where(
          and(
            after === undefined ? undefined : gt(vms.name, after),
            host === undefined ? undefined : eq(allocations.host, host),
          ),
        )
        .orderBy(asc(vms.name))
        .limit(size + 1);
      return pageOf(await withNics(db, rows), { size, keyOf: (vm) => vm.id });
    },
  };
}
