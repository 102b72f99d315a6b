import {
  type HostId,
  type Ipv4Address,
  type JobId,
  type MacAddress,
  type PciAddress,
  StoreError,
  type VmId,
  withPrefix,
} from "@switchyard/model";
import { and, asc, eq, getTableColumns, gt } from "drizzle-orm";
import { etagOf } from "../connection/etag.ts";
import type { Database } from "../connection/session.ts";
import { pageOf } from "../page.ts";
import { allocations, hosts, slots, vms } from "../schema/tables.ts";
import type { VmReads, VmRecord } from "./vm-queries.ts";

const selectVms = (db: Database) =>
  db
    .select({
      vm: getTableColumns(vms),
      allocation: getTableColumns(allocations),
      slotMac: slots.mac,
      hostKind: hosts.kind,
    })
    .from(vms)
    .innerJoin(allocations, eq(allocations.vm, vms.name))
    .innerJoin(
      slots,
      and(
        eq(slots.host, allocations.host),
        eq(slots.pf, allocations.pf),
        eq(slots.vfIndex, allocations.vfIndex),
      ),
    )
    .innerJoin(hosts, eq(hosts.name, allocations.host))
    .$dynamic();

type VmRow = Awaited<ReturnType<typeof selectVms>>[number];

const toRecord = ({ vm, allocation, slotMac, hostKind }: VmRow): VmRecord => ({
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
    pf: allocation.pf as PciAddress,
    vfIndex: allocation.vfIndex,
    mac: allocation.mac as MacAddress,
    address: withPrefix(allocation.address as Ipv4Address, allocation.prefixLength),
    bridge: allocation.bridge,
    vcpuCount: allocation.vcpuCount,
    memoryBytes: allocation.memoryBytes,
  },
  slotMac: slotMac as MacAddress,
  job: (vm.job as JobId | null) ?? undefined,
  failure: vm.failure ?? undefined,
  stateReason: vm.stateReason ?? undefined,
});

export const vmNotFound = (id: VmId): StoreError =>
  new StoreError("VM_NOT_FOUND", `no VM ${id}`, { found: id });

export async function findVm(db: Database, id: VmId): Promise<VmRecord | undefined> {
  const [row] = await selectVms(db).where(eq(vms.name, id));
  return row === undefined ? undefined : toRecord(row);
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
      return pageOf(rows.map(toRecord), { size, keyOf: (vm) => vm.id });
    },
  };
}
