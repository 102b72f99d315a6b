import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { METRICS, type MetricName, parseHostId } from "@switchyard/model";
import {
  addProcessMetrics,
  createMetrics,
  ManualClock,
  type Service,
  silentLogger,
  stopAll,
} from "@switchyard/runtime";
import type { FleetStatus, StoredSample } from "@switchyard/store";
import { lintExposition, parseExposition } from "@switchyard/testkit";
import { startGateway } from "./gateway.ts";
import { addControllerMetrics } from "./metrics/controller-metrics.ts";
import { createInstruments } from "./metrics/instruments.ts";

const HOST = parseHostId("r740-01");
const NOW_MS = 1_700_000_000_000;

const STATUS: FleetStatus = {
  hosts: [
    {
      host: HOST,
      state: "suspect",
      isCordoned: true,
      isFenced: false,
      kind: "simulated",
      model: "PowerEdge R740",
      firmware: "22.39.1002",
      driver: "mlx5_core",
      kernel: "5.14.0",
      ovs: "2.17.9",
      agentVersion: "0.1.0",
      lastSeenAtMs: NOW_MS - 1_500,
      drift: { pf: 2, ovs: 1 },
    },
  ],
  liveJobs: { running: 3 },
  vms: { running: 2, failed: 1 },
  rollouts: { paused: 1 },
  experiments: {},
  marks: [
    {
      ...{ noun: "rollout", name: "off", state: "succeeded" },
      ...{ startedAtMs: NOW_MS - 60_000, endedAtMs: NOW_MS },
    },
    {
      ...{ noun: "experiment", name: "e1", state: "measuring" },
      ...{ startedAtMs: NOW_MS, endedAtMs: undefined },
    },
  ],
  outboxCount: 4,
  outboxAgeMs: 2_500,
};

/** Something of every metric that agents send. */
const SAMPLES: readonly StoredSample[] = (Object.keys(METRICS) as MetricName[]).map((metric) => ({
  ...{ host: HOST, metric, object: "", atMs: NOW_MS, value: 1 },
}));

describe("the gateway", () => {
  const clock = new ManualClock(NOW_MS);
  const metrics = createMetrics({ log: silentLogger });
  const services: Service[] = [addProcessMetrics(metrics)];
  const parts = [
    { name: "postgres", isUp: true },
    { name: "nats", isUp: true },
  ];
  let address = "";
  let reads = 0;
  let hasBus = true;

  before(async () => {
    const { rounds, call, jobEnded, jobsSent, poolWaited } = createInstruments(metrics, clock);
    addControllerMetrics(metrics, {
      store: {
        observability: {
          readFleet: async () => {
            reads += 1;
            return STATUS;
          },
          pools: () => [{ pool: "api", connectionCount: 2, idleCount: 1, waitingCount: 0 }],
        },
        telemetry: { latest: async () => SAMPLES },
      },
      bus: {
        isConnected: () => hasBus,
        readBacklog: async () => [
          { kind: "events", pendingCount: 5, unackedCount: 1, redeliveredCount: 0 },
        ],
      },
      clock,
      hasSamples: true,
    });
    call({ method: "switchyard.v1.A/B", code: "OK", durationMs: 12, isStream: false });
    call({ method: "switchyard.v1.A/W", code: "OK", durationMs: 12, isStream: true });
    jobEnded("noop", "succeeded");
    jobsSent(2, true);
    poolWaited("api", 3);
    await rounds("drift", async () => clock.advance(1_500));
    await assert.rejects(rounds("drift", () => Promise.reject(new Error("away"))));
    const listener = await startGateway({
      ...{ address: "127.0.0.1:0", metrics, log: silentLogger },
      parts: () => parts,
    });
    services.push(listener);
    address = listener.address;
  });
  after(() => stopAll(services));

  const get = async (path: string) => {
    const answer = await fetch(`http://${address}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const seriesValue = (text: string, name: string, labels: Readonly<Record<string, string>> = {}) =>
    parseExposition(text)
      .flatMap(({ series }) => series)
      .find(
        (series) =>
          series.name === name &&
          Object.entries(labels).every(([label, value]) => series.labels[label] === value),
      )?.value;

  it("exposes names, units, labels and helps that an operator's lint passes", async () => {
    const { status, text } = await get("/metrics");
    assert.equal(status, 200);
    assert.deepEqual(lintExposition(text), []);
  });

  it("exposes calls, rounds, queues and the fleet's state as they are", async () => {
    const { text } = await get("/metrics");
    const is = (name: string, labels: Readonly<Record<string, string>>, value: number) =>
      assert.equal(seriesValue(text, `switchyard_${name}`, labels), value, name);
    is("grpc_call_duration_seconds_count", { method: "switchyard.v1.A/B", code: "OK" }, 1);
    is("grpc_streams_total", { method: "switchyard.v1.A/W" }, 1);
    is("reconcile_duration_seconds_sum", { reconciler: "drift", result: "done" }, 1.5);
    is("reconcile_duration_seconds_count", { reconciler: "drift", result: "failed" }, 1);
    is("jobs_ended_total", { kind: "noop", state: "succeeded" }, 1);
    is("outbox_sends_total", { attempt: "first" }, 2);
    is("database_pool_wait_seconds_count", { pool: "api" }, 1);
    is("database_connections_idle", { pool: "api" }, 1);
    is("bus_pending_messages", { kind: "events" }, 5);
    is("outbox_oldest_age_seconds", {}, 2.5);
    is("host_state", { host: HOST, state: "suspect" }, 1);
    is("host_state", { host: HOST, state: "ready" }, 0);
    is("host_cordoned", { host: HOST }, 1);
    is("host_info", { kernel: "5.14.0", firmware: "22.39.1002", ovs: "2.17.9" }, 1);
    is("drift", { kind: "pf" }, 2);
    is("agent_last_seen_timestamp_seconds", { host: HOST }, (NOW_MS - 1_500) / 1000);
    is("jobs", { state: "running" }, 3);
    is("jobs", { state: "pending" }, 0);
    is("rollouts", { state: "paused" }, 1);
    is("rollout_start_timestamp_seconds", { rollout: "off" }, NOW_MS / 1000 - 60);
    is("rollout_end_timestamp_seconds", { rollout: "off" }, NOW_MS / 1000);
    is("experiment_start_timestamp_seconds", { experiment: "e1" }, NOW_MS / 1000);
    is("nic_vport_receive_bytes_total", { host: HOST }, 1);
  });

  it("asks the database once for scrapers that come together", async () => {
    await clock.advance(60_000);
    const before = reads;
    await Promise.all([get("/metrics"), get("/metrics"), get("/metrics")]);
    assert.equal(reads, before + 1);
  });

  it("goes without what the broker knows while it is away", async () => {
    hasBus = false;
    const { text } = await get("/metrics");
    hasBus = true;
    assert.equal(seriesValue(text, "switchyard_bus_connected"), 0);
    assert.equal(seriesValue(text, "switchyard_bus_pending_messages"), undefined);
  });

  it("is alive while it answers, and ready while all parts work", async () => {
    assert.equal((await get("/healthz")).status, 200);
    assert.deepEqual(await get("/readyz"), { status: 200, text: "postgres: up\nnats: up\n" });
    parts[1] = { name: "nats", isUp: false };
    assert.deepEqual(await get("/readyz"), { status: 503, text: "postgres: up\nnats: down\n" });
    assert.equal((await get("/healthz")).status, 200);
  });
});
