import { assert, StoreError } from "@switchyard/model";
import { and, eq, sql } from "drizzle-orm";
import { checkEtag } from "../connection/etag.ts";
import { nextRevision } from "../connection/next-revision.ts";
import { note, type Session } from "../connection/session.ts";
import { lockHost } from "../hosts/lock-host.ts";
import { allocationNics, allocations, vms } from "../schema/tables/vms.ts";
import { usedCapacity } from "./used-capacity.ts";
import type { VmRecord, VmWrites } from "./vm-queries.ts";
import { findVm, vmNotFound } from "./vm-rows.ts";

type Change = Parameters<VmWrites["updateSpec"]>[0];

const MIB = 1024 * 1024;

/** Whether the host, whose row is locked, holds the VM at its new size. @throws StoreError NO_CAPACITY */
async function checkGrowth(session: Session, vm: VmRecord, change: Change): Promise<void> {
  const { host } = vm.allocation;
  const { vcpuCount, memoryBytes } = change.spec;
  const { capacity } = change;
  if (capacity === undefined) return;
  const others = await usedCapacity(session.db, host, { spec: change.spec, besides: vm.id });
  const refuse = (found: string, needs: string) =>
    new StoreError("NO_CAPACITY", `host ${host} has no room for VM ${vm.id} at that size`, {
      subject: `vms/${vm.id}`,
      found,
      needs,
      try: `swy vm list --host ${host}`,
    });
  const vcpusFree = capacity.vcpuCount - others.vcpuCount;
  if (vcpuCount > Math.max(vm.allocation.vcpuCount, vcpusFree)) {
    throw refuse(`${Math.max(0, vcpusFree)} vCPUs beside its other VMs`, `${vcpuCount} vCPUs`);
  }
  const memoryFree = capacity.memoryBytes - others.memoryBytes;
  const isOfSameKind = vm.spec.hugepageBytes === change.spec.hugepageBytes;
  const memoryOwn = isOfSameKind ? vm.allocation.memoryBytes : 0;
  if (memoryBytes > Math.max(memoryOwn, memoryFree)) {
    const found = `${Math.max(0, Math.floor(memoryFree / MIB))} MiB beside its other VMs`;
    throw refuse(found, `${memoryBytes / MIB} MiB`);
  }
}

/** Changes wish and share together. The host's row is locked first, as in placing. */
export async function updateSpec(session: Session, change: Change): Promise<VmRecord> {
  const { db } = session;
  const { id, spec } = change;
  const found = await findVm(db, id);
  if (found === undefined) throw vmNotFound(id);
  const { host } = found.allocation;
  await lockHost(session, host);
  const [locked] = await db
    .select({ revision: vms.revision })
    .from(vms)
    .where(eq(vms.name, id))
    .for("no key update");
  if (locked === undefined) throw vmNotFound(id);
  checkEtag(`VM ${id}`, change.etag, locked.revision);
  await checkGrowth(session, found, change);
  await db
    .update(vms)
    .set({ spec, generation: sql`${vms.generation} + 1`, revision: nextRevision })
    .where(eq(vms.name, id));
  const { vcpuCount, memoryBytes, hugepageBytes = null } = spec;
  const share = { vcpuCount, memoryBytes, hugepageBytes };
  await db.update(allocations).set(share).where(eq(allocations.vm, id));
  for (const [index, { queuePairs }] of spec.nics.entries()) {
    await db
      .update(allocationNics)
      .set({ queuePairs })
      .where(and(eq(allocationNics.vm, id), eq(allocationNics.index, index)));
  }
  const record = await findVm(db, id);
  assert(record !== undefined, "the VM is locked, so it is there");
  session.touchedHosts.add(host);
  note(
    session,
    { kind: "vms", key: id, operation: "updated", record },
    {
      action: "vm.update",
      details: { vcpus: String(vcpuCount), memory_bytes: String(memoryBytes) },
    },
  );
  return record;
}
