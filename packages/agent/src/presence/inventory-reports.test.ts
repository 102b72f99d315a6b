import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId } from "@switchyard/model";
import { ManualClock, seededRandom, silentLogger } from "@switchyard/runtime";
import { buildBareLabHost, waitFor } from "@switchyard/testkit";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { createInventoryReports } from "./inventory-reports.ts";

const INTERVAL_MS = 10_000;
const HOST = parseHostId("host-a");

function setUp({ intervalMs = INTERVAL_MS, isDown = false, lookMs = 0 } = {}) {
  const bus = createMemoryBus(HOST);
  bus.isDown = isDown;
  const clock = new ManualClock();
  const stopped = new AbortController();
  let looks = 0;
  const reports = createInventoryReports({
    ...{ bus: bus.connect(), clock, random: seededRandom(1), log: silentLogger },
    readInventory: async () => {
      looks += 1;
      if (lookMs > 0) await clock.sleep(lookMs);
      return { ...buildBareLabHost(), observedAtMs: looks };
    },
    trouble: () => undefined,
    restore: () => undefined,
    intervalMs,
  });
  const done = reports.run(stopped.signal);
  const stop = async () => {
    stopped.abort();
    await done;
  };
  const published = () => bus.inventories.map(({ inventory }) => inventory.observedAtMs);
  const looked = (times: number) =>
    waitFor(async () => {
      await clock.advance(INTERVAL_MS / 10);
      return looks >= times;
    });
  return { bus, clock, reports, looks: () => looks, published, looked, stop };
}

describe("createInventoryReports", () => {
  it("publishes what it sees once, however often it looks", async () => {
    const { published, looked, stop } = setUp();
    await looked(3);
    await stop();
    assert.deepEqual(published(), [1]);
  });

  it("publishes again after a job, also what looks unchanged", async () => {
    const { reports, published, looks, stop } = setUp();
    await waitFor(() => published().length === 1);
    reports.wake();
    await waitFor(() => looks() === 2);
    await waitFor(() => published().length === 2);
    assert.deepEqual(published(), [1, 2]);
    await stop();
  });

  it("does not wait for its next turn with what it could not publish", async () => {
    const { bus, published, clock, stop } = setUp({ intervalMs: 3_600_000, isDown: true });
    await waitFor(() => bus.refusedCount === 1);
    bus.isDown = false;
    await waitFor(async () => {
      await clock.advance(1_200);
      return published().length === 1;
    });
    await stop();
  });

  it("leaves a host alone on which a look takes long for three times as long", async () => {
    const LOOK_MS = 20_000;
    const { clock, looks, published, stop } = setUp({ lookMs: LOOK_MS });
    const STEP_MS = 1_000;
    const reached = (isReached: () => boolean) =>
      waitFor(async () => {
        await clock.advance(STEP_MS);
        return isReached();
      });
    await reached(() => published().length === 1);
    await clock.advance(3 * LOOK_MS - 2 * STEP_MS);
    assert.equal(looks(), 1);
    await reached(() => looks() === 2);
    await clock.advance(LOOK_MS);
    await stop();
  });

  it("still owes what it saw after a job once the bus is back", async () => {
    const { bus, reports, published, looked, looks, stop } = setUp();
    await waitFor(() => published().length === 1);
    bus.isDown = true;
    reports.wake();
    await waitFor(() => looks() === 2 && bus.refusedCount === 1);
    bus.isDown = false;
    await looked(3);
    await waitFor(() => published().length === 2);
    assert.deepEqual(published(), [1, 3]);
    await stop();
  });

  it("publishes what changed against what the broker has, and the whole where nobody knows or somebody asks", async () => {
    const { bus, reports, looks, stop } = setUp({ intervalMs: 3_600_000 });
    await waitFor(() => looks() === 1 && bus.inventories.length === 1);
    await reports.report();
    bus.isDown = true;
    await assert.rejects(reports.report());
    bus.isDown = false;
    await reports.report();
    await reports.report();
    await reports.reportWhole();
    assert.deepEqual(
      bus.inventories.map(({ delta, version }) => [version, delta?.edits.length]),
      [
        [1, undefined],
        [2, 0],
        [4, undefined],
        [5, 0],
        [6, undefined],
      ],
    );
    await stop();
  });
});
