import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import type { Store, StoredSample } from "@switchyard/store";
import { watchSamples } from "./watch-samples.ts";

const START_MS = 1_000_000;

const sample = (atMs: number, object = "eth0"): StoredSample => ({
  host: parseHostId("r740-01"),
  metric: "nic.uplink.rx_bytes",
  object,
  atMs,
  value: atMs,
});

/** A store in memory, with only what the watch reads. */
function createWatch({ sinceMs = undefined as number | undefined } = {}) {
  const stored: StoredSample[] = [];
  const clock = new ManualClock(START_MS);
  const telemetry = {
    list: async (range: { readonly startAtMs: number; readonly endAtMs: number }) => ({
      items: stored.filter(({ atMs }) => atMs >= range.startAtMs && atMs < range.endAtMs),
      next: undefined,
    }),
  };
  const signal = new AbortController().signal;
  const store = { telemetry } as unknown as Store; // the watch reads nothing else
  const batches = watchSamples({ store, clock }, { range: {}, sinceMs, signal });
  const next = async () => {
    const batch = batches.next();
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1_000);
    }
    const { value } = await batch;
    assert.ok(value !== undefined);
    return value;
  };
  return { stored, clock, next };
}

describe("watchSamples", () => {
  it("gives samples that come in after it began, each once, late ones too", async () => {
    const { stored, clock, next } = createWatch();
    stored.push(sample(START_MS - 1_000));
    const first = next();
    await new Promise((resolve) => setImmediate(resolve));
    stored.push(sample(START_MS - 500));
    assert.deepEqual((await first).samples, [sample(START_MS - 500)]);
    const atMs = clock.nowMs();
    stored.push(sample(atMs), sample(atMs, "eth1"));
    assert.deepEqual((await next()).samples, [sample(atMs), sample(atMs, "eth1")]);
  });

  it("goes on where an earlier watch was, without a gap", async () => {
    const sinceMs = START_MS - 150_000;
    const { stored, next } = createWatch({ sinceMs });
    stored.push(
      sample(sinceMs - 60_000),
      ...[-10, 10, 70, 140].map((s) => sample(sinceMs + s * 1_000)),
    );
    const batches = [await next(), await next(), await next()];
    assert.deepEqual(
      batches.flatMap(({ samples }) =>
        samples.map(({ atMs }: StoredSample) => (atMs - sinceMs) / 1_000),
      ),
      [-10, 10, 70, 140],
    );
    assert.ok(batches.at(-1)!.seenToMs >= sinceMs + 60_000);
  });

  it("drops what a slow reader left for too long, and counts it", async () => {
    const { stored, clock, next } = createWatch();
    const first = next();
    await new Promise((resolve) => setImmediate(resolve));
    stored.push(sample(START_MS + 500));
    await first;
    const asleepSinceMs = clock.nowMs();
    for (let n = 1; n <= 200; n += 1) stored.push(sample(asleepSinceMs + n * 1_000));
    await clock.advance(200_000);
    const { samples, droppedCount } = await next();
    assert.ok(droppedCount > 0);
    assert.equal(samples.length + droppedCount, 200);
    assert.equal(samples.at(-1)?.atMs, asleepSinceMs + 200_000);
  });
});
