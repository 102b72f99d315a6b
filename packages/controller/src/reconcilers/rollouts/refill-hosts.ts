import { isJobEnd, isRolloutEnd, SwitchyardError } from "@switchyard/model";
import type { Logger } from "@switchyard/runtime";
import type { EmptiedHost, Transaction } from "@switchyard/store";
import { restoreHome } from "../../api/moves/evacuate.ts";
import { uncordonHost } from "../../api/moves/uncordon.ts";
import type { ApiParts } from "../../api/parts.ts";
import { ROLLOUT_ACTOR } from "./begin-host.ts";

/** Hosts looked at in one round; the others have their turn in the next. */
const HOSTS_MAX = 64;
const MOVES_AT_ONCE = 2;

const DONE = ["waiting", "updated", "unchanged", "rolled-back"];

/**
 * Whether the VMs of a host that was emptied may come home: its change is done, or it was not begun and won't be now.
 * A host that a job of the rollout may have broken stays empty until somebody looks at it.
 */
export function mayRefill(emptied: EmptiedHost): boolean {
  const { state, isTouched, job, jobState, rolloutState } = emptied;
  if (DONE.includes(state)) return true;
  if (state === "failed") return !isTouched;
  if (!isRolloutEnd(rolloutState) || state === "stuck") return false;
  return job === undefined || (jobState !== undefined && isJobEnd(jobState));
}

async function refill(
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  { rollout, host, wasCordoned }: EmptiedHost,
): Promise<void> {
  const { traceparent } = await tx.rollouts.lock(rollout);
  const now = await tx.rollouts.findHost(rollout, host);
  if (now?.isEmptied !== true) return;
  await tx.rollouts.noteHost(rollout, { host, isEmptied: false });
  if (wasCordoned) return;
  await uncordonHost(tx, host);
  const traced = tx.inTrace(traceparent);
  await restoreHome(parts, traced, { host, atOnce: MOVES_AT_ONCE, isRehearsal: false });
}

/** VMs still on their way from the host would be left behind. */
async function isLeft(tx: Transaction, { host }: EmptiedHost): Promise<boolean> {
  const { items } = await tx.moves.list({ size: 1, after: undefined, host, liveOnly: true });
  return items.length === 0;
}

/** Brings the VMs of hosts that rollouts emptied home again, and uncordons the hosts. */
export async function refillHosts(
  parts: Pick<ApiParts, "clock" | "random" | "store"> & { readonly log: Logger },
): Promise<void> {
  const { store, log } = parts;
  const context = { actor: ROLLOUT_ACTOR };
  const emptied = await store.transaction(context, (tx) => tx.rollouts.listEmptied(HOSTS_MAX));
  for (const host of emptied.filter(mayRefill)) {
    try {
      await store.transaction(context, async (tx) => {
        if (await isLeft(tx, host)) await refill(parts, tx, host);
      });
    } catch (error) {
      if (!(error instanceof SwitchyardError)) throw error;
      log.warn({ err: error, host: host.host }, "VMs of a host that was emptied wait");
    }
  }
}
