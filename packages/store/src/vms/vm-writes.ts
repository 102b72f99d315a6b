import {
  assert,
  canBecome,
  StoreError,
  statesBefore,
  type VmId,
  type VmState,
} from "@switchyard/model";
import { and, eq, inArray } from "drizzle-orm";
import { checkEtag } from "../connection/etag.ts";
import { nextRevision } from "../connection/next-revision.ts";
import { note, type Session } from "../connection/session.ts";
import { ipAddresses, macAddresses } from "../schema/tables/addresses.ts";
import { allocationNics, allocations, vms } from "../schema/tables/vms.ts";
import { updateSpec } from "./update-spec.ts";
import type { VmReads, VmRecord, VmWrites } from "./vm-queries.ts";
import { createVmReads, findVm, vmNotFound } from "./vm-rows.ts";

/** @throws StoreError VM_STATE_CONFLICT */
function checkTransition(id: VmId, from: VmState, to: VmState): void {
  if (canBecome(from, to)) return;
  throw new StoreError("VM_STATE_CONFLICT", `VM ${id} is ${from} and can't become ${to}`, {
    subject: `vms/${id}`,
    found: `state ${from}`,
    needs: `one of ${statesBefore(to).join(", ")}`,
  });
}

async function setState(
  session: Session,
  change: Parameters<VmWrites["setState"]>[0],
): Promise<VmRecord> {
  const { db } = session;
  const [locked] = await db
    .select({ revision: vms.revision, state: vms.state })
    .from(vms)
    .where(eq(vms.name, change.id))
    .for("no key update");
  if (locked === undefined) throw vmNotFound(change.id);
  checkEtag(`VM ${change.id}`, change.etag ?? "", locked.revision);
  checkTransition(change.id, locked.state, change.state);
  await db
    .update(vms)
    .set({
      state: change.state,
      failure: change.failure ?? null,
      stateReason: change.reason ?? null,
      revision: nextRevision,
      ...(change.job === undefined ? {} : { job: change.job }),
    })
    .where(eq(vms.name, change.id));
  const record = await findVm(db, change.id);
  assert(record !== undefined, "the VM is locked, so it is there");
  note(
    session,
    { kind: "vms", key: change.id, operation: "updated", record },
    {
      action: "vm.state",
      details: {
        from: locked.state,
        state: change.state,
        ...(change.reason !== undefined && { reason: change.reason }),
        ...(change.failure !== undefined && { failure: change.failure.reason }),
      },
    },
  );
  return record;
}

async function release(session: Session, id: VmId): Promise<VmRecord | undefined> {
  const { db } = session;
  const [locked] = await db
    .select({ name: vms.name })
    .from(vms)
    .where(eq(vms.name, id))
    .for("update");
  const record = locked === undefined ? undefined : await findVm(db, id);
  if (record === undefined) return undefined;
  await db.delete(allocationNics).where(eq(allocationNics.vm, id));
  await db.delete(allocations).where(eq(allocations.vm, id));
  await db.delete(ipAddresses).where(eq(ipAddresses.vm, id));
  const macs = record.allocation.nics.map(({ mac }) => mac);
  await db
    .delete(macAddresses)
    .where(and(inArray(macAddresses.mac, macs), eq(macAddresses.ownerKind, "vm")));
  await db.delete(vms).where(eq(vms.name, id));
  session.placedHosts.add(record.allocation.host);
  note(
    session,
    { kind: "vms", key: id, operation: "deleted", record },
    { action: "vm.delete", details: { host: record.allocation.host } },
  );
  return record;
}

export const createVmWrites = (session: Session): VmReads & VmWrites => ({
  ...createVmReads(session.db),
  setState: (change) => setState(session, change),
  setBoot: async (id, bootId) => {
    await session.db.update(vms).set({ bootId }).where(eq(vms.name, id));
  },
  updateSpec: (change) => updateSpec(session, change),
  release: (id) => release(session, id),
});
