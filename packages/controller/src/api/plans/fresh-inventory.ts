import { type HostId, PlanningError } from "@switchyard/model";
import type { ApiParts } from "../parts.ts";

/** Longest wait for an agent to look at its host: seconds on an emulated one, milliseconds on a server. */
const FRESH_TIMEOUT_MS = 25_000;
const POLL_MS = 50;
/** Between two requests to look, in case one was lost. */
const ASK_INTERVAL_MS = 10_000;

/**
 * Waits until the inventory is younger than the last job that changed the host, so that a plan made right
 * after a job sees what it did. A host that has never reported or does not report now is not waited for:
 * planning refuses the former and says so of the latter.
 *
 * @throws PlanningError HOST_NOT_READY when the agent's look did not come in within 25 s
 */
export async function awaitFreshInventory(
  parts: Pick<ApiParts, "store" | "dispatch" | "clock">,
  host: HostId,
): Promise<void> {
  const { store, dispatch, clock } = parts;
  const { lastAtMs } = await store.reads.jobs.readHostChange(host);
  if (lastAtMs === undefined) return;
  const endMs = clock.monotonicMs() + FRESH_TIMEOUT_MS;
  let askedMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const { inventory, state } = await store.reads.hosts.get(host);
    if (inventory === undefined || state !== "ready") return;
    if (inventory.observedAtMs >= lastAtMs) return;
    const nowMs = clock.monotonicMs();
    if (nowMs > endMs) break;
    if (nowMs - askedMs > ASK_INTERVAL_MS) {
      dispatch.inspect(host);
      askedMs = nowMs;
    }
    await clock.sleep(POLL_MS);
  }
  throw new PlanningError(
    "HOST_NOT_READY",
    `${host} has not been looked at since its last job`,
    { subject: `hosts/${host}`, needs: "an inventory that is younger than the job" },
    { retry: "safe" },
  );
}
