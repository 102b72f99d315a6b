import type { Drift, HostId } from "@switchyard/model";
import { diffHost } from "@switchyard/planner";
import type { Store, Transaction } from "@switchyard/store";
import { findPort } from "../../api/hosts/slots.ts";
import { withVmMacs } from "../../api/plans/host-desired.ts";

/**
 * Compares a host that has just been observed with what was last applied to it, and keeps where they
 * differ. Says nothing while a job is at work on the host, nor of an inventory older than the last job.
 */
export async function noteDrift(store: Pick<Store, "reads" | "transaction">, id: HostId) {
  await store.transaction({ actor: "controller" }, async (tx) => {
    const seen = await findDrift(tx, id);
    if (seen !== undefined) await tx.hosts.setDrift(id, seen);
  });
}

async function findDrift(
  tx: Transaction,
  id: HostId,
): Promise<{ readonly drift: readonly Drift[]; readonly bootId: string } | undefined> {
  const { appliedDesired, inventory } = await tx.hosts.get(id);
  if (appliedDesired?.datapath === undefined || inventory === undefined) return undefined;
  const { isUnderWay, lastAtMs = 0 } = await tx.jobs.readHostChange(id);
  if (isUnderWay || inventory.observedAtMs < lastAtMs) return undefined;
  const { datapath } = appliedDesired;
  const pf = findPort(inventory, datapath.uplink)?.pciAddress;
  const slots =
    pf === undefined ? datapath.slots : await withVmMacs(tx, { host: id, pf }, datapath.slots);
  const fields = diffHost({ ...appliedDesired, datapath: { ...datapath, slots } }, inventory);
  const sinceMs = inventory.observedAtMs;
  return { drift: fields.map((field) => ({ ...field, sinceMs })), bootId: inventory.bootId };
}
