import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostTelemetry } from "@switchyard/bus";
import { type MetricName, parseHostId, type Sample } from "@switchyard/model";
import { ManualClock, seededRandom, silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import type { LedgerStorage } from "../ledger/storage.ts";
import { openRing, type Ring } from "../telemetry/ring/ring.ts";
import { createDisk } from "../testing/disk.ts";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { createTelemetryReports } from "./telemetry-reports.ts";

const BATCH_MS = 10_000;
const SAMPLE_MS = 1_000;
const METRICS: readonly MetricName[] = ["nic.vf.rx_bytes", "nic.temperature"];

async function setUp({
  storage = undefined as LedgerStorage | undefined,
  samplesPerLook = 2,
  memoryBytesMax = 1024 * 1024,
  seed = 1,
} = {}) {
  const bus = createMemoryBus(parseHostId("host-a"));
  const clock = new ManualClock(1_000_000);
  const stopped = new AbortController();
  const ring: Ring = await openRing({ storage, log: silentLogger, memoryBytesMax });
  let looks = 0;
  const collect = async (): Promise<readonly Sample[]> => {
    looks += 1;
    return Array.from({ length: samplesPerLook }, (_, index) => ({
      metric: METRICS[index % METRICS.length]!,
      object: `0000:82:00.0/vf${index}`,
      atMs: clock.nowMs(),
      value: Math.sin(looks * index),
    }));
  };
  const reports = createTelemetryReports({
    ...{ bus: bus.connect(), ring, clock, log: silentLogger, random: seededRandom(seed), collect },
    sampleMs: SAMPLE_MS,
    batchMs: BATCH_MS,
  });
  const done = reports.run(stopped.signal);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  /** Time passes in small steps, so that whoever sleeps has his turn. */
  const pass = async (ms: number) => {
    for (let past = 0; past < ms; past += SAMPLE_MS) {
      await turn();
      await clock.advance(SAMPLE_MS);
      await turn();
    }
  };
  const stop = async () => {
    stopped.abort();
    await done;
  };
  return { bus, clock, reports, ring, looks: () => looks, pass, stop };
}

const countOf = (batches: readonly HostTelemetry[]) =>
  batches.reduce((sum, { columns }) => sum + columns.series.length, 0);

describe("createTelemetryReports", () => {
  it("samples often, publishes batches, and names each series once", async () => {
    const { bus, pass, looks, stop } = await setUp();
    await pass(4 * BATCH_MS);
    await waitFor(() => bus.telemetry.length >= 4);
    await stop();
    assert.ok(looks() >= 40, `${looks()} looks`);
    assert.deepEqual(
      bus.telemetry
        .slice(0, 4)
        .map(({ seq, names, firstSeries }) => [seq, firstSeries, names.length]),
      [
        [1, 0, 2],
        [2, 2, 0],
        [3, 2, 0],
        [4, 2, 0],
      ],
    );
  });

  it("goes on with what waited on disk when it is started again, under its old session", async () => {
    const disk = createDisk();
    const first = await setUp({ storage: disk.mount() });
    first.bus.isDown = true;
    await first.pass(6 * BATCH_MS);
    await first.stop();
    const sampled = 2 * first.looks();
    const second = await setUp({ storage: disk.mount(), seed: 2 });
    await second.pass(2 * BATCH_MS);
    const sessions = () => [...new Set(second.bus.telemetry.map(({ session }) => session))];
    await waitFor(() => sessions().length === 2);
    await second.stop();
    const [old] = sessions();
    const batches = second.bus.telemetry.filter(({ session }) => session === old);
    assert.equal(countOf(batches), sampled);
    assert.deepEqual(
      batches.map(({ seq }) => seq),
      batches.map((_batch, index) => index + 1),
    );
  });

  it("holds a bounded amount however long nobody takes it, and says what it dropped", async () => {
    const memoryBytesMax = 16 * 1024;
    const { bus, ring, pass, looks, stop } = await setUp({ samplesPerLook: 40, memoryBytesMax });
    bus.isDown = true;
    await pass(10 * 60_000);
    const { bytes, droppedCount, sampleCount } = ring.state();
    assert.ok(bytes < 12 * memoryBytesMax, `${bytes} bytes`);
    assert.ok(droppedCount > 0);
    assert.ok(droppedCount + sampleCount <= 40 * looks());
    bus.isDown = false;
    await pass(2 * BATCH_MS);
    await waitFor(() => ring.state().bytes === 0);
    await stop();
    assert.ok(bus.telemetry.at(-1)!.droppedCount >= droppedCount);
    // Whatever came first names its series: it can be read without what was dropped.
    assert.equal(bus.telemetry[0]?.firstSeries, 0);
  });

  it("samples less often when asked to, and leaves out what is of low priority", async () => {
    const { bus, reports, pass, looks, stop } = await setUp();
    await pass(2 * BATCH_MS);
    reports.stretch(16);
    await pass(2 * 16 * SAMPLE_MS);
    const before = looks();
    const batchCount = bus.telemetry.length;
    await pass(10 * 16 * SAMPLE_MS);
    assert.ok(looks() - before <= 11, `${looks() - before} looks`);
    await pass(3 * BATCH_MS);
    await waitFor(() => bus.telemetry.length > batchCount + 1);
    await stop();
    const { columns } = bus.telemetry.at(-1)!;
    // Series 1 is a temperature.
    assert.deepEqual([...new Set(columns.series)], [0]);
  });
});
