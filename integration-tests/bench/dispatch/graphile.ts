import { Logger, makeWorkerUtils, type Runner, run, runMigrations } from "graphile-worker";
import { type DispatchLoad, type DispatchResult, timed } from "./throughput.ts";

/** As its documentation recommends: `plain` takes each job by itself, `batched` by a local queue. */
export type GraphileMode = "plain" | "batched";

const CONCURRENCY = 24;
const BATCH = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
/** Jobs per `add_jobs` call when filling the queue. */
const INSERT_CHUNK = 500;

const quiet = new Logger(() => () => undefined);

/** Waits for numbered no-op jobs to have run. */
function createCounter() {
  let done = 0;
  let target = Number.POSITIVE_INFINITY;
  let wake: () => void = () => undefined;
  return {
    count: () => {
      done += 1;
      if (done >= target) wake();
    },
    reached: (value: number) =>
      new Promise<void>((resolve) => {
        target = value;
        wake = resolve;
        if (done >= target) resolve();
      }),
    get done() {
      return done;
    },
  };
}

/**
 * No-op jobs through graphile-worker on the same Postgres: handed in by SQL, run in this process. It
 * crosses no network to a host and keeps no result, so it does less per job than Switchyard does.
 */
export async function measureGraphile(
  connectionString: string,
  mode: GraphileMode,
  load: DispatchLoad,
): Promise<DispatchResult> {
  await runMigrations({ connectionString, logger: quiet });
  const counter = createCounter();
  const runner = await run({
    connectionString,
    logger: quiet,
    concurrency: CONCURRENCY,
    taskList: { noop: async () => counter.count() },
    noHandleSignals: true,
    ...(mode === "batched" ? { preset: { worker: BATCH } } : {}),
  });
  const utils = await makeWorkerUtils({ connectionString, logger: quiet });
  try {
    const idleLatenciesMs: number[] = [];
    for (let index = 0; index < load.idleJobs; index += 1) {
      idleLatenciesMs.push(await timed(() => oneJob(runner, utils, counter)));
    }
    const begin = performance.now();
    const target = counter.done + load.jobs;
    for (let sent = 0; sent < load.jobs; sent += INSERT_CHUNK) {
      await utils.addJobs(
        Array.from({ length: Math.min(INSERT_CHUNK, load.jobs - sent) }, () => ({
          identifier: "noop",
          payload: {},
        })),
      );
    }
    await counter.reached(target);
    return { jobsPerSecond: (load.jobs * 1000) / (performance.now() - begin), idleLatenciesMs };
  } finally {
    await runner.stop();
    await utils.release();
  }
}

async function oneJob(
  runner: Runner,
  utils: Awaited<ReturnType<typeof makeWorkerUtils>>,
  counter: ReturnType<typeof createCounter>,
): Promise<void> {
  const completed = new Promise<void>((resolve) =>
    runner.events.once("job:complete", () => resolve()),
  );
  const target = counter.done + 1;
  await utils.addJob("noop", {});
  await counter.reached(target);
  await completed;
}
