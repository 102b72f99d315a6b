import { DispatchError, type Examination, type HostId } from "@switchyard/model";
import type { HostRecord, Reads } from "@switchyard/store";
import type { ApiParts } from "../parts.ts";

/** Longest wait for the inventory that an agent published with its examination. */
const INVENTORY_TIMEOUT_MS = 3_000;
const POLL_MS = 25;

/** What a live look at a host gave. */
export interface Look {
  readonly host: HostRecord;
  readonly examination: Examination | undefined;
  /** Why there is no examination. */
  readonly silence: string | undefined;
}

export interface LookParts extends Pick<ApiParts, "dispatch" | "clock"> {
  readonly store: {
    readonly reads: { readonly hosts: Pick<Reads["hosts"], "findObservedAtMs" | "get"> };
  };
}

async function ask(
  { dispatch }: Pick<LookParts, "dispatch">,
  host: HostId,
): Promise<Omit<Look, "host">> {
  try {
    const { examination, message } = await dispatch.diagnose(host);
    if (examination !== undefined) return { examination, silence: undefined };
    return { examination: undefined, silence: `the agent gave no examination: ${message}` };
  } catch (error) {
    if (error instanceof DispatchError) return { examination: undefined, silence: error.message };
    throw error;
  }
}

/**
 * Lets the host's agent look, then waits a little for the inventory that belongs to the look, so that whoever reads
 * the host then sees it. A host that does not answer is diagnosed from what is known.
 *
 * @throws StoreError HOST_NOT_FOUND
 */
export async function examineHost(parts: LookParts, id: HostId): Promise<Omit<Look, "host">> {
  const { store, clock } = parts;
  const { hosts } = store.reads;
  await hosts.findObservedAtMs(id);
  const { examination, silence } = await ask(parts, id);
  const endMs = clock.monotonicMs() + INVENTORY_TIMEOUT_MS;
  const isIn = async ({ inventoryAtMs }: Examination) =>
    ((await hosts.findObservedAtMs(id)) ?? 0) >= inventoryAtMs;
  while (examination !== undefined && clock.monotonicMs() <= endMs) {
    if (await isIn(examination)) break;
    await clock.sleep(POLL_MS);
  }
  return { examination, silence };
}

/** As `examineHost`, with the host as it is known then. @throws StoreError HOST_NOT_FOUND */
export async function lookAtHost(parts: LookParts, id: HostId): Promise<Look> {
  const found = await examineHost(parts, id);
  return { host: await parts.store.reads.hosts.get(id), ...found };
}
