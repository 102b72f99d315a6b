import { startStack } from "@switchyard/dev/stack";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { Client } from "pg";
import {
  type DispatchLoad,
  type DispatchResult,
  inParallel,
  PART_TIMEOUT_MS,
  timed,
} from "./throughput.ts";

/** Hosts the jobs go to, each with the real agent and a ledger on disk. */
export const HOSTS = 200;
/** Calls under way at once. */
const IN_FLIGHT = 256;
const POLL_MS = 20;
/** Agents that only take jobs: nothing else shall be measured. */
const QUIET = { heartbeatMs: 5_000, inventoryMs: 600_000, telemetryMs: 600_000 };

/** What else shall be measured on the same Postgres while it is up. */
export type Peers = (services: {
  readonly createDatabase: (name: string) => Promise<string>;
}) => Promise<void>;

const ENDED = "('succeeded', 'failed', 'needs-operator', 'cancelled', 'expired')";

/** No-op jobs from the API call to the result committed in Postgres. */
export async function measureSwitchyard(load: DispatchLoad, peers: Peers): Promise<DispatchResult> {
  const stack = await startStack({ hosts: HOSTS, intervals: QUIET, log: silentLogger });
  const database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  const submit = async (index: number) => {
    const host = stack.hostNames[index % HOSTS] ?? "";
    return stack.client.jobs.createNoopJob({ host });
  };
  const endedCount = async (): Promise<number> => {
    const { rows } = await database.query<{ count: string }>(
      `SELECT count(*) FROM jobs WHERE kind = 'noop' AND state IN ${ENDED}`,
    );
    return Number(rows[0]?.count);
  };
  try {
    const idleLatenciesMs: number[] = [];
    for (let index = 0; index < load.idleJobs; index += 1) {
      idleLatenciesMs.push(await timed(() => untilCommitted(database, submit(index))));
    }
    const before = await endedCount();
    const totalMs = await timed(async () => {
      await inParallel(load.jobs, IN_FLIGHT, async (index) => void (await submit(index)));
      await untilReached(endedCount, before + load.jobs);
    });
    await peers({ createDatabase: (name) => stack.postgres.createDatabase(name) });
    return { jobsPerSecond: (load.jobs * 1000) / totalMs, idleLatenciesMs };
  } finally {
    await database.end();
    await stack.stop();
  }
}

/** Pause between two looks at a job's row: adds up to as much to a latency, and takes no CPU from the job. */
const LOOK_MS = 1;

async function untilCommitted(
  database: Client,
  submitted: Promise<{ readonly name: string }>,
): Promise<void> {
  const id = (await submitted).name.replace("jobs/", "");
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

async function untilReached(count: () => Promise<number>, target: number): Promise<void> {
  const endMs = performance.now() + PART_TIMEOUT_MS;
  let reached = await count();
  while (reached < target) {
    if (performance.now() > endMs) throw new Error(`${reached} of ${target} jobs ended in time`);
    await systemClock.sleep(POLL_MS);
    reached = await count();
  }
}
