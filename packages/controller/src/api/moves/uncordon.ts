import { type HostId, PlanningError } from "@switchyard/model";
import type { HostRecord, Transaction } from "@switchyard/store";
import { hostName } from "../validation/names.ts";

/** Moves looked at; a host has fewer slots. */
const MOVES_MAX = 1_000;

/**
 * Lets a host take VMs again. A host that was fenced has to take away first what is left on it of VMs that
 * were started elsewhere.
 *
 * @throws StoreError HOST_NOT_FOUND
 * @throws PlanningError HOST_FENCED
 */
export async function uncordonHost(tx: Transaction, host: HostId): Promise<HostRecord> {
  const { fence, state } = await tx.hosts.get(host);
  if (fence !== undefined) {
    const live = await tx.moves.list({ size: MOVES_MAX, after: undefined, host, liveOnly: true });
    const left = live.items.filter((move) => move.sourceHost === host && move.cause === "fenced");
    if (left.length > 0 || state !== "ready") {
      throw new PlanningError("HOST_FENCED", `host ${host} was fenced and is not clear yet`, {
        subject: hostName.format(host),
        found: `state ${state}, something left of ${left.length} VMs`,
        needs: "state ready, nothing left",
        try: `swy move list --host ${host}`,
      });
    }
    await tx.hosts.setFence(host, undefined);
  }
  return tx.hosts.setCordon(host, undefined);
}
