import type { JobState } from "@switchyard/model";
import type { ControllerFacts, PartAnswer } from "@switchyard/planner";
import type { Clock } from "@switchyard/runtime";
import type { HealthCheck } from "../health.ts";
import type { ApiParts } from "../parts.ts";
import type { FleetView } from "./fleet-view.ts";

/** A part without answer for so long is down. */
const PART_TIMEOUT_MS = 2_000;
/** Ten times what the slowest idle acceptance takes. */
const ACCEPTED_WITHIN_MS = 30_000;
/** Jobs told of; past it there is more trouble than a list can help with. */
const JOBS_MAX = 100;

async function askPart(part: HealthCheck, clock: Clock): Promise<PartAnswer> {
  const startedMs = clock.monotonicMs();
  const answered = new AbortController();
  try {
    return await Promise.race([
      part
        .check()
        .then(() => ({ isUp: true, latencyMs: clock.monotonicMs() - startedMs }) as const),
      clock
        .sleep(PART_TIMEOUT_MS, answered.signal)
        .then(() => ({ isUp: false, why: `no answer within ${PART_TIMEOUT_MS} ms` }) as const),
    ]);
  } catch (error) {
    return { isUp: false, why: error instanceof Error ? error.message : String(error) };
  } finally {
    answered.abort();
  }
}

async function askNamed(parts: ApiParts, name: string): Promise<PartAnswer | undefined> {
  const part = parts.healthChecks.find((each) => each.name === name);
  return part && askPart(part, parts.clock);
}

const listJobs = async ({ store }: ApiParts, state: JobState) =>
  (await store.reads.jobs.list({ size: JOBS_MAX, after: undefined, states: [state] })).items;

/** What the database can't tell while it is down stays undefined. */
export async function gatherControllerFacts(
  parts: ApiParts,
  readFleet: () => Promise<FleetView>,
): Promise<ControllerFacts> {
  const database = await askNamed(parts, "postgres");
  const bus = await askNamed(parts, "nats");
  const unknown = { waitingJobs: undefined, jobsForOperators: undefined, hosts: undefined };
  if (database?.isUp === false) return { database, bus, ...unknown };
  const beforeMs = parts.clock.nowMs() - ACCEPTED_WITHIN_MS;
  const waiting = await listJobs(parts, "pending");
  return {
    database,
    bus,
    waitingJobs: waiting.filter(({ createdAtMs }) => createdAtMs < beforeMs),
    jobsForOperators: await listJobs(parts, "needs-operator"),
    hosts: (await readFleet()).hosts,
  };
}
