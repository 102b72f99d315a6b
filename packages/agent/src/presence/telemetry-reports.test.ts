import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId, type Sample } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { createMemoryBus } from "../testing/memory-bus.ts";
import {
  createTelemetryReports,
  SAMPLES_KEPT_MAX,
  SAMPLES_PER_MESSAGE_MAX,
} from "./telemetry-reports.ts";

const INTERVAL_MS = 1_000;

function setUp(samplesPerRound: number) {
  const bus = createMemoryBus(parseHostId("host-a"));
  const clock = new ManualClock();
  const stopped = new AbortController();
  let rounds = 0;
  const collect = async (): Promise<readonly Sample[]> => {
    rounds += 1;
    const atMs = rounds;
    return Array.from({ length: samplesPerRound }, (_, value) => ({
      ...{ metric: "host.cpu_count", object: "", atMs, value },
    }));
  };
  const reports = createTelemetryReports({
    ...{ bus: bus.connect(), clock, log: silentLogger, collect },
    intervalMs: INTERVAL_MS,
  });
  const done = reports.run(stopped.signal);
  const stop = async () => {
    stopped.abort();
    await done;
  };
  return { bus, clock, reports, rounds: () => rounds, stop };
}

describe("createTelemetryReports", () => {
  it("publishes what it sampled in messages of bounded size, numbered from 1", async () => {
    const { bus, stop } = setUp(SAMPLES_PER_MESSAGE_MAX + 1);
    await waitFor(() => bus.telemetry.length === 2);
    assert.deepEqual(
      bus.telemetry.map(({ seq, samples }) => [seq, samples.length]),
      [
        [1, SAMPLES_PER_MESSAGE_MAX],
        [2, 1],
      ],
    );
    await stop();
  });

  it("drops the oldest samples while the bus is down, and counts them", async () => {
    const size = SAMPLES_KEPT_MAX / 4;
    const { bus, clock, rounds, stop } = setUp(size);
    bus.isDown = true;
    for (let round = 1; round <= 6; round += 1) {
      await waitFor(() => rounds() === round && bus.refusedCount === round);
      if (round === 6) bus.isDown = false;
      await waitFor(async () => {
        await clock.advance(INTERVAL_MS);
        return rounds() > round;
      });
    }
    await waitFor(() => bus.telemetry.length === SAMPLES_KEPT_MAX / SAMPLES_PER_MESSAGE_MAX);
    const total = bus.telemetry.reduce((sum, { samples }) => sum + samples.length, 0);
    assert.equal(total, SAMPLES_KEPT_MAX);
    assert.equal(bus.telemetry.at(-1)?.droppedCount, 3 * size);
    await stop();
  });

  it("samples less often when asked to", async () => {
    const { clock, reports, rounds, stop } = setUp(1);
    reports.stretch(4);
    await waitFor(() => rounds() === 1);
    await waitFor(async () => {
      await clock.advance(INTERVAL_MS / 10);
      return rounds() === 2;
    });
    assert.ok(clock.nowMs() >= 4 * INTERVAL_MS, `after ${clock.nowMs()} ms`);
    await stop();
  });
});
