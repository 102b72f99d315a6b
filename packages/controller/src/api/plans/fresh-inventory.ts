import { type HostId, isJobEnd, type JobKind, PlanningError } from "@switchyard/model";
import type { JobRecord, Reads } from "@switchyard/store";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";

/** Longest wait for an agent to look at its host: seconds on an emulated one, milliseconds on a server. */
const FRESH_TIMEOUT_MS = 25_000;
const POLL_MS = 50;
/** Between two requests to look, in case one was lost. */
const ASK_INTERVAL_MS = 10_000;
/** Newest jobs of the host among which the last that changed it is looked for. */
const JOBS_MAX = 50;
/** More than any job writes. */
const EVENTS_MAX = 10_000;

const CHANGES_NOTHING: ReadonlySet<JobKind> = new Set(["noop", "ping-vm"]);

const hasChangedHost = ({ spec, state }: JobRecord): boolean =>
  isJobEnd(state) && !CHANGES_NOTHING.has(spec.kind);

/**
 * When the last job that changed the host wrote its last event, by the agent's clock: what the agent
 * observed before may not show what the job did. Both times are of one clock, so no skew matters.
 */
export async function lastChangeAtMs(reads: Pick<Reads, "jobs">, host: HostId): Promise<number> {
  const { items } = await reads.jobs.list({ size: JOBS_MAX, after: undefined, host });
  const job = items.find(hasChangedHost);
  if (job === undefined) return 0;
  const events = await listAll(
    (page) => reads.jobs.listEvents({ ...page, job: job.id }),
    EVENTS_MAX,
  );
  return events.reduce((latest, { atMs }) => Math.max(latest, atMs), 0);
}

/**
 * Waits until the inventory is younger than the last job that changed the host, so that a plan made right
 * after a job sees what it did. A host that has never reported or does not report now is not waited for:
 * planning says so by itself.
 *
 * @throws PlanningError HOST_NOT_READY when the agent's look did not come in within 25 s
 */
export async function awaitFreshInventory(
  parts: Pick<ApiParts, "store" | "dispatch" | "clock">,
  host: HostId,
): Promise<void> {
  const { store, dispatch, clock } = parts;
  const changedAtMs = await lastChangeAtMs(store.reads, host);
  if (changedAtMs === 0) return;
  const endMs = clock.monotonicMs() + FRESH_TIMEOUT_MS;
  let askedMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const { inventory, state } = await store.reads.hosts.get(host);
    if (inventory === undefined || state !== "ready") return;
    if (inventory.observedAtMs >= changedAtMs) return;
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
