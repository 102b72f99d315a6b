import { setTimeout as delay } from "node:timers/promises";
import { createControllerBus, createSigningKey } from "@switchyard/bus";
import { startTestBroker } from "@switchyard/bus/testing";
import { settleEndedJobs, startTelemetryIngest } from "@switchyard/controller";
import { seededRandom, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createStore, type Store } from "@switchyard/store";
import { connect, nkeyAuthenticator } from "nats";
import { Client } from "pg";
import { batchesOf, FLEET, hostAt, SAMPLES } from "./fleet.ts";

export interface IngestFigures {
  readonly perSecond: number;
  readonly bytesPerSample: number;
  /** Of a query that runs over and over meanwhile; none where there is none. */
  readonly queriesMs: readonly number[];
}

const SEED = 20_261_127;
const HOUR_MS = 3_600_000;
const COUNT_POLL_MS = 50;
/** Batches given to the broker before it has to answer for one. */
const PUBLISHED_AT_ONCE = 64;

/**
 * Samples lie a little ahead of now, where partitions are made and no window closes: nothing is rolled up, so that
 * the query reads every sample of its hour.
 */
const startOf = (nowMs: number) => nowMs + 5 * 60_000;

async function publishAll(servers: readonly string[], seed: string, startMs: number) {
  const nats = await connect({
    servers: [...servers],
    authenticator: nkeyAuthenticator(Buffer.from(seed)),
  });
  const stream = nats.jetstream();
  let bytes = 0;
  let sent: Promise<unknown>[] = [];
  for (const batch of batchesOf(seededRandom(SEED), startMs)) {
    bytes += batch.bytes.length;
    sent.push(stream.publish(batch.subject, batch.bytes));
    if (sent.length < PUBLISHED_AT_ONCE) continue;
    await Promise.all(sent);
    sent = [];
  }
  await Promise.all(sent);
  await nats.close();
  return bytes;
}

/** The newest hour of one host's VFs, by VF, in minutes. */
async function queryUntil(store: Store, startMs: number, signal: AbortSignal): Promise<number[]> {
  const tookMs: number[] = [];
  for (let at = 0; !signal.aborted; at += 1) {
    const begin = performance.now();
    await store.telemetry.query({
      ...{ metric: "nic.vf.rx_bytes", hosts: [hostAt(at % FLEET.hosts)], by: ["object"] },
      ...{ aggregation: "rate", stepMs: 60_000, startAtMs: startMs, endAtMs: startMs + HOUR_MS },
    });
    tookMs.push(performance.now() - begin);
  }
  return tookMs;
}

/** Until the marks say that every batch is committed. */
async function waitForAll(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ done: number }>(
        "SELECT coalesce(sum(seq), 0)::float8 AS done FROM telemetry_marks WHERE seen = int8multirange(int8range(1, seq + 1))",
      );
      if (rows[0]?.done === FLEET.hosts * FLEET.batchesPerHost) return;
      await delay(COUNT_POLL_MS);
    }
  } finally {
    await client.end();
  }
}

/**
 * A backlog of batches at a real nats-server, taken by one controller's ingest into a real Postgres: from the first
 * message to the last commit.
 */
export async function measureIngest(
  databaseUrl: string,
  options: { readonly withQuery: boolean },
): Promise<IngestFigures> {
  const common = { clock: systemClock, random: systemRandom, log: silentLogger };
  const broker = await startTestBroker();
  const store = await createStore({ ...common, url: databaseUrl, onJobsEnded: settleEndedJobs });
  const bus = await createControllerBus({
    ...common,
    servers: broker.servers,
    key: broker.controllerKey,
    signingKey: createSigningKey(),
  });
  const stopped = new AbortController();
  try {
    await bus.ensureStreams();
    const startMs = startOf(Date.now());
    const bytes = await publishAll(broker.servers, broker.controllerKey.seed, startMs);
    const queries = options.withQuery
      ? queryUntil(store, startMs, stopped.signal)
      : Promise.resolve([]);
    const begin = performance.now();
    const ingest = startTelemetryIngest({ ...common, bus, store: store.telemetry });
    await waitForAll(databaseUrl);
    const seconds = (performance.now() - begin) / 1000;
    stopped.abort();
    const queriesMs = await queries;
    await ingest.stop();
    return { perSecond: SAMPLES / seconds, bytesPerSample: bytes / SAMPLES, queriesMs };
  } finally {
    stopped.abort();
    await bus.close();
    await store.close();
    await broker.stop();
  }
}

const RAW_ROWS = 3_000_000;
const RAW_ROWS_PER_STATEMENT = 5_000;

/** The same rows put into a table without indexes or partitions by plain statements, as fast as one client can. */
export async function measureRaw(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("SET synchronous_commit = off");
    await client.query(
      "CREATE TABLE raw (ts timestamptz NOT NULL, series integer NOT NULL, value double precision NOT NULL)",
    );
    const startMs = Date.now();
    const begin = performance.now();
    for (let done = 0; done < RAW_ROWS; done += RAW_ROWS_PER_STATEMENT) {
      const rows = Array.from({ length: RAW_ROWS_PER_STATEMENT }, (_, at) => done + at);
      await client.query({
        name: "raw",
        text: `INSERT INTO raw (ts, series, value)
          SELECT to_timestamp(at_ms / 1000), series, value
          FROM unnest($1::float8[], $2::integer[], $3::float8[]) AS r(at_ms, series, value)`,
        values: [
          `{${rows.map((row) => startMs + row).join(",")}}`,
          `{${rows.map((row) => row % 6_000).join(",")}}`,
          `{${rows.map((row) => row * 12_345).join(",")}}`,
        ],
      });
    }
    return (RAW_ROWS * 1000) / (performance.now() - begin);
  } finally {
    await client.end();
  }
}
