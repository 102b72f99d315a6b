import { createClient } from "@switchyard/client";
import { systemClock } from "@switchyard/runtime";
import { Client } from "pg";
import { type DispatchResult, inParallel, PART_TIMEOUT_MS, timed } from "./throughput.ts";

/*
 * The client in a process of its own: hands no-op jobs to the API and waits until their results are committed
 * in Postgres. Sends its parent the result.
 */

/** Jobs handed in with one call, as many as graphile-worker is given, and calls under way at once. */
const CALL_JOBS = 500;
const IN_FLIGHT = 2;
const POLL_MS = 100;
/** Pause between two looks at a job's row: adds up to as much to a latency, and takes no CPU from the job. */
const LOOK_MS = 1;
const ENDED = "('succeeded', 'failed', 'needs-operator', 'cancelled', 'expired')";

const {
  BENCH_CONTROLLER = "",
  BENCH_DATABASE = "",
  BENCH_HOST_NAMES = "[]",
  BENCH_JOBS = "0",
  BENCH_IDLE_JOBS = "0",
} = process.env;
const hostNames = JSON.parse(BENCH_HOST_NAMES) as readonly string[];

process.on("disconnect", () => process.exit(0));
const client = createClient({ address: BENCH_CONTROLLER, security: { kind: "insecure" } });
const database = new Client({ connectionString: BENCH_DATABASE });
await database.connect();
process.send?.(await measure(Number(BENCH_JOBS), Number(BENCH_IDLE_JOBS)));

async function measure(jobs: number, idleJobs: number): Promise<DispatchResult> {
  const idleLatenciesMs: number[] = [];
  for (let index = 0; index < idleJobs; index += 1) {
    idleLatenciesMs.push(await timed(async () => untilCommitted(await submit(index))));
  }
  const before = await endedCount();
  const totalMs = await timed(async () => {
    await inParallel(Math.ceil(jobs / CALL_JOBS), IN_FLIGHT, async (call) => {
      const first = call * CALL_JOBS;
      await submitAll(first, Math.min(jobs, first + CALL_JOBS));
    });
    await untilReached(before + jobs);
  });
  return { jobsPerSecond: (jobs * 1000) / totalMs, idleLatenciesMs };
}

function hostOf(index: number): string {
  return hostNames[index % hostNames.length] ?? "";
}

async function submit(index: number): Promise<string> {
  const { name } = await client.jobs.createNoopJob({ host: hostOf(index) });
  return name.replace("jobs/", "");
}

async function submitAll(from: number, to: number): Promise<void> {
  const requests = Array.from({ length: to - from }, (_, index) => ({
    host: hostOf(from + index),
    requestId: "",
    validateOnly: false,
  }));
  await client.jobs.batchCreateNoopJobs({ requests });
}

async function untilCommitted(id: string): Promise<void> {
  const query = {
    name: "bench-ended",
    text: `SELECT 1 FROM jobs WHERE id = $1 AND state IN ${ENDED}`,
    values: [id],
  };
  const endMs = performance.now() + PART_TIMEOUT_MS;
  while ((await database.query(query)).rowCount === 0) {
    if (performance.now() > endMs) throw new Error(`job ${id} did not end`);
    await systemClock.sleep(LOOK_MS);
  }
}

async function endedCount(): Promise<number> {
  const { rows } = await database.query<{ count: string }>(
    `SELECT count(*) FROM jobs WHERE kind = 'noop' AND state IN ${ENDED}`,
  );
  return Number(rows[0]?.count);
}

async function untilReached(target: number): Promise<void> {
  const endMs = performance.now() + PART_TIMEOUT_MS;
  let reached = await endedCount();
  while (reached < target) {
    if (performance.now() > endMs) throw new Error(`${reached} of ${target} jobs ended in time`);
    await systemClock.sleep(POLL_MS);
    reached = await endedCount();
  }
}
