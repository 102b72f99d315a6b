import assert from "node:assert/strict";
import { checkEffects, type Effect, type SimHost } from "@switchyard/hostsim";
import pg from "pg";

/** One job as the database has it, with what its events add up to. */
export interface JobHistory {
  readonly id: string;
  readonly host: string;
  readonly kind: string;
  readonly state: string;
  readonly endedEvents: number;
  /** Events of the job's epoch that are there, and the number of the last one. */
  readonly eventCount: number;
  readonly lastSeq: number;
  readonly finishedSteps: number;
  readonly distinctFinishedSteps: number;
  readonly failure: unknown;
}

const HISTORY = `
  WITH events AS (
    SELECT r.job, r.epoch, (e->>'seq')::int AS seq, e->'body'->>'kind' AS kind, e->'body'->>'step' AS step
    FROM job_events r, json_array_elements(r.events) e
  )
  SELECT j.id, j.host, j.kind, j.state, j.failure,
    count(*) FILTER (WHERE e.kind = 'ended')::int AS "endedEvents",
    count(e.seq)::int AS "eventCount",
    coalesce(max(e.seq), 0)::int AS "lastSeq",
    count(*) FILTER (WHERE e.kind = 'step-finished')::int AS "finishedSteps",
    count(DISTINCT e.step) FILTER (WHERE e.kind = 'step-finished')::int AS "distinctFinishedSteps"
  FROM jobs j LEFT JOIN events e ON e.job = j.id AND e.epoch = j.epoch
  GROUP BY j.id ORDER BY j.id`;

/** Reads straight from Postgres, past everything under test. */
export async function query<Row extends pg.QueryResultRow>(
  databaseUrl: string,
  text: string,
): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

export const readHistory = (databaseUrl: string): Promise<readonly JobHistory[]> =>
  query<JobHistory>(databaseUrl, HISTORY);

/** Jobs that no agent has accepted, with how often each was sent. */
export const readUnaccepted = (
  databaseUrl: string,
): Promise<readonly { readonly job: string; readonly sends: number }[]> =>
  query(databaseUrl, "SELECT job, sends FROM outbox ORDER BY job");

/**
 * Every job the API accepted is there, has succeeded, ended once, with events that have no gap and no step
 * that finished twice; and there is no job that nobody asked for.
 *
 * @param accepted names `jobs/{job}` as the API answered them
 */
export async function checkJobs(
  databaseUrl: string,
  accepted: readonly string[],
): Promise<readonly JobHistory[]> {
  const history = await readHistory(databaseUrl);
  const found = new Set(history.map(({ id }) => `jobs/${id}`));
  assert.equal(new Set(accepted).size, accepted.length, "the API gave one job two times");
  assert.deepEqual(
    accepted.filter((name) => !found.has(name)),
    [],
    "jobs that were acknowledged are lost",
  );
  assert.equal(history.length, accepted.length, "there are jobs that nobody asked for");
  for (const job of history) checkJob(job);
  return history;
}

/** As {@link checkJobs}, where what was handed in is not known: rollouts make jobs by themselves. */
export async function checkHistory(databaseUrl: string): Promise<readonly JobHistory[]> {
  const history = await readHistory(databaseUrl);
  for (const job of history) checkJob(job);
  return history;
}

function checkJob(job: JobHistory): void {
  const what = JSON.stringify(job);
  assert.equal(job.state, "succeeded", what);
  assert.equal(job.endedEvents, 1, `ended ${job.endedEvents} times: ${what}`);
  assert.equal(job.eventCount, job.lastSeq, `gaps in the events: ${what}`);
  assert.equal(job.finishedSteps, job.distinctFinishedSteps, `a step finished twice: ${what}`);
}

/** A restart of OVS is the one effect that may be made again: whether it was made can't be seen. */
const isRestart = (effect: { readonly object: string }): boolean => effect.object === "vswitchd";

/**
 * Nothing was done twice on the machine, by its own log.
 *
 * @param effects those of a span in which everything is wished for once
 */
export function checkEffectsOnce(effects: readonly Effect[], what: string): void {
  const { repeated, redone } = checkEffects(effects);
  assert.deepEqual(
    repeated.filter((effect) => !isRestart(effect)),
    [],
    `${what}: effects made twice`,
  );
  assert.deepEqual(
    redone.filter((effect) => !isRestart(effect)),
    [],
    `${what}: effects undone and made again`,
  );
}

/** Begins a span; the function ends it and checks its effects. */
export function watchEffects(sim: SimHost): (what: string) => void {
  const begin = sim.effects.length;
  return (what) => checkEffectsOnce(sim.effects.slice(begin), what);
}
