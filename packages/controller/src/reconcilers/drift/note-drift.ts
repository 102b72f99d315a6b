import { type Drift, type HostId, JOB_KINDS_WITHOUT_CHANGE } from "@switchyard/model";
import { diffHost } from "@switchyard/planner";
import type { JobRecord, Store, Transaction } from "@switchyard/store";
import { desireApplied } from "../../api/plans/host-desired.ts";

/** Keeps where a host that has just been observed differs from what was last applied to it. */
export async function noteDrift(store: Pick<Store, "transaction">, id: HostId): Promise<void> {
  await store.transaction({ actor: "controller" }, (tx) => noteDriftOf(tx, id));
}

/**
 * The same for hosts whose jobs ended, in the transaction that ends them: the inventory taken after the
 * last step may have come before the event of the end, and was then left alone.
 */
export async function noteDriftOfEnded(
  tx: Transaction,
  ended: readonly Pick<JobRecord, "host" | "kind">[],
): Promise<void> {
  const changed = ended.filter(({ kind }) => !JOB_KINDS_WITHOUT_CHANGE.includes(kind));
  const hosts = new Set(changed.map(({ host }) => host));
  for (const host of [...hosts].sort()) await noteDriftOf(tx, host);
}

async function noteDriftOf(tx: Transaction, id: HostId): Promise<void> {
  const seen = await findDrift(tx, id);
  if (seen !== undefined) await tx.hosts.setDrift(id, seen);
}

/** Undefined while a job is at work on the host, and for an inventory older than the last job. */
async function findDrift(
  tx: Transaction,
  id: HostId,
): Promise<{ readonly drift: readonly Drift[]; readonly bootId: string } | undefined> {
  const { isUnderWay, lastAtMs = 0 } = await tx.jobs.readHostChange(id);
  if (isUnderWay) return undefined;
  const { appliedDesired, inventory } = await tx.hosts.get(id);
  if (inventory === undefined || inventory.observedAtMs < lastAtMs) return undefined;
  const applied = await desireApplied(tx, { id, appliedDesired, inventory });
  if (applied === undefined) return undefined;
  const fields = diffHost(applied, inventory);
  const sinceMs = inventory.observedAtMs;
  return { drift: fields.map((field) => ({ ...field, sinceMs })), bootId: inventory.bootId };
}
