import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ControllerBus,
  createControllerBus,
  createSigningKey,
  createTelemetryEncoder,
  shardOf,
} from "@switchyard/bus";
import { startTestBroker, type TestBroker } from "@switchyard/bus/testing";
import { settleEndedJobs, startTelemetryIngest } from "@switchyard/controller";
import { parseHostId } from "@switchyard/model";
import { type Service, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createStore, type Store } from "@switchyard/store";
import { startPostgres, type TestPostgres, waitFor } from "@switchyard/testkit";
import { connect, nkeyAuthenticator } from "nats";
import { Client } from "pg";

const HOSTS = ["tel-a", "tel-b", "tel-c"].map(parseHostId);
const BATCHES = 60;
const SERIES = 20;
const SECOND_MS = 1_000;
/** Long enough for a batch whose names another controller is storing. */
const ALL_IN_MS = 60_000;

const common = { clock: systemClock, random: systemRandom, log: silentLogger };

/** One controller as far as telemetry goes. */
interface Ingesting {
  readonly store: Store;
  stop(): Promise<void>;
}

describe("telemetry through NATS into Postgres", () => {
  let postgres: TestPostgres;
  let broker: TestBroker;
  let url: string;
  let client: Client;
  const signingKey = createSigningKey();
  const startMs = Math.floor(Date.now() / SECOND_MS) * SECOND_MS - 120 * SECOND_MS;

  before(async () => {
    postgres = await startPostgres();
    broker = await startTestBroker();
    url = await postgres.createDatabase("telemetry");
    client = new Client({ connectionString: url });
    client.on("error", () => undefined);
  });
  after(async () => {
    await client.end().catch(() => undefined);
    await broker.stop();
    await postgres.stop();
  });

  const openBus = (): Promise<ControllerBus> =>
    createControllerBus({
      ...common,
      servers: broker.servers,
      key: broker.controllerKey,
      signingKey,
    });

  const startController = async (): Promise<Ingesting> => {
    const store = await createStore({ ...common, url, onJobsEnded: settleEndedJobs });
    const bus = await openBus();
    await bus.ensureStreams();
    const ingest: Service = startTelemetryIngest({ ...common, bus, store: store.telemetry });
    return {
      store,
      stop: async () => {
        await bus.close();
        await ingest.stop();
        await store.close();
      },
    };
  };

  /** What the agents of the hosts would send; all names are said every 16 batches. */
  const batches = HOSTS.flatMap((host) => {
    const encoder = createTelemetryEncoder({ host, hostEpoch: 1, session: `session of ${host}` });
    return Array.from({ length: BATCHES }, (_, at) => ({
      subject: `sy.tel.${shardOf(host)}.${host}`,
      at,
      bytes: encoder.encode({
        droppedCount: 0,
        isWhole: at % 16 === 0,
        samples: Array.from({ length: SERIES }, (_each, series) => ({
          metric: "nic.vf.rx_bytes" as const,
          object: `0000:82:00.0/vf${series}`,
          atMs: startMs + at * SECOND_MS,
          value: 1_000 * at * (series + 1),
        })),
      }).bytes,
    }));
  }).sort((left, right) => left.at - right.at);

  const publish = async (some: typeof batches) => {
    const nats = await connect({
      servers: [...broker.servers],
      authenticator: nkeyAuthenticator(Buffer.from(broker.controllerKey.seed)),
    });
    const stream = nats.jetstream();
    for (const { subject, bytes } of some) await stream.publish(subject, bytes);
    await nats.close();
  };

  it("stores every sample once, through restarts of controllers, broker and batches sent twice", async () => {
    const setUp = await openBus();
    await setUp.ensureStreams();
    await setUp.close();
    const first = await startController();
    const second = await startController();
    await client.connect();
    const third = batches.length / 3;
    await publish(batches.slice(0, third));
    await first.stop();
    await broker.kill9();
    await broker.start();
    // What was not confirmed before the broker went is sent again, with what was.
    await publish(batches.slice(third / 2, 2 * third));
    await second.stop();
    const last = await startController();
    await publish(batches.slice(2 * third));
    await publish(batches.slice(third, third + 10));
    const count = async () => {
      const { rows } = await client.query<{ all: number; once: number }>(
        `SELECT count(*)::float8 AS all, count(DISTINCT (ts, series))::float8 AS once FROM telemetry_raw`,
      );
      return rows[0]!; // an aggregate has one row
    };
    const wanted = HOSTS.length * BATCHES * SERIES;
    await waitFor(async () => (await count()).once === wanted, {
      deadlineMs: ALL_IN_MS,
      describe: () => `of ${wanted} samples`,
    });
    assert.deepEqual(await count(), { all: wanted, once: wanted });
    const { groups } = await last.store.telemetry.query({
      ...{ metric: "nic.vf.rx_bytes", object: "*/vf1", by: ["host"], aggregation: "rate" },
      ...{ startAtMs: startMs, endAtMs: startMs + BATCHES * SECOND_MS, stepMs: 10_000 },
    });
    assert.deepEqual(
      groups.map(({ labels }) => labels["host"]),
      HOSTS,
    );
    for (const { points } of groups) {
      assert.ok(points.length >= 6);
      for (const { value } of points) assert.equal(Math.round(value), 2_000);
    }
    await last.stop();
  });
});
