import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createTelemetryEncoder,
  type Delivery,
  decodeTelemetry,
  type HostTelemetry,
} from "@switchyard/bus";
import { parseHostId, StoreError } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import type { TelemetryInsertReport } from "@switchyard/store";
import { startTelemetryIngest } from "./telemetry-ingest.ts";

const host = parseHostId("host-a");
const MINUTE_MS = 60_000;
/** As many as the consumers give out before some are settled. */
const IN_FLIGHT_MAX = 16;

/** A broker in memory that gives out a bounded number at once, and a store that may be away. */
function setUp() {
  const clock = new ManualClock(1_000_000);
  const encoder = createTelemetryEncoder({ host, hostEpoch: 1, session: "s" });
  const queue: Delivery<HostTelemetry>[] = [];
  const factors: number[] = [];
  const settled: string[] = [];
  const stored: number[] = [];
  const state = { isAway: false, unnamed: new Set<number>(), inFlight: 0, mostInFlight: 0 };
  let handle: ((delivery: Delivery<HostTelemetry>) => void) | undefined;

  const give = () => {
    while (state.inFlight < IN_FLIGHT_MAX && queue.length > 0) {
      state.inFlight += 1;
      state.mostInFlight = Math.max(state.mostInFlight, state.inFlight);
      handle?.(queue.shift()!); // it is not empty
    }
  };
  const settle = (what: string) => {
    settled.push(what);
    state.inFlight -= 1;
    give();
  };
  const send = (deliveryCount = 1, content?: HostTelemetry, storedAtMs = clock.nowMs()) => {
    const samples = [
      { metric: "host.power", object: "rapl", atMs: clock.nowMs(), value: 1 },
    ] as const;
    const { bytes, seq } = encoder.encode({ samples, droppedCount: 0, isWhole: true });
    const delivery = { ...{ deliveryCount, pendingCount: 0, storedAtMs } };
    const batch = content ?? decodeTelemetry(bytes, host)!; // just encoded
    queue.push({
      ...delivery,
      content: batch,
      ack: () => settle("ack"),
      reject: () => settle("reject"),
      retry: (delayMs) => {
        void clock.sleep(delayMs).then(() => send(deliveryCount + 1, batch, storedAtMs));
        settle("retry");
      },
    });
    give();
    return seq;
  };
  const ingest = startTelemetryIngest({
    bus: {
      consumeTelemetry: (handler) => {
        handle = handler;
        return { stop: async () => undefined };
      },
      publishTelemetryFlow: (factor) => void factors.push(factor),
    },
    store: {
      settleLatest: async () => undefined,
      indexBlocks: async () => undefined,
      insert: async (uploads): Promise<TelemetryInsertReport> => {
        if (state.isAway) throw new StoreError("DATABASE_UNAVAILABLE", "away");
        const unnamed = [...uploads.keys()].filter((at) => state.unnamed.has(uploads[at]!.seq));
        const kept = [...uploads.keys()].filter((at) => !unnamed.includes(at));
        stored.push(...kept.map((at) => uploads[at]!.seq));
        return { stored: kept, unnamed, sampleCount: kept.length, expiredCount: 0 };
      },
    },
    clock,
    log: silentLogger,
  });
  const pass = async (ms: number) => {
    for (let past = 0; past < ms; past += 1_000) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { ingest, send, pass, state, factors, settled, stored, queue };
}

describe("startTelemetryIngest", () => {
  it("acknowledges after the commit, and asks nobody to sample less", async () => {
    const { ingest, send, pass, settled, stored, factors } = setUp();
    const seqs = [send(), send(), send()];
    await pass(30_000);
    await ingest.stop();
    assert.deepEqual(stored, seqs);
    assert.deepEqual(settled, ["ack", "ack", "ack"]);
    assert.deepEqual(factors, []);
  });

  it("holds no more than the broker gives out while the database is away for ten minutes", async () => {
    const { ingest, send, pass, state, factors, stored, queue } = setUp();
    state.isAway = true;
    const seqs: number[] = [];
    for (let second = 0; second < 600; second += 10) {
      seqs.push(send());
      await pass(10_000);
    }
    assert.equal(Math.max(...factors), 16);
    assert.ok(state.mostInFlight <= IN_FLIGHT_MAX);
    assert.ok(queue.length <= seqs.length);
    state.isAway = false;
    await pass(2 * MINUTE_MS);
    await ingest.stop();
    assert.deepEqual(
      [...stored].sort((left, right) => left - right),
      seqs,
    );
    assert.equal(factors.at(-1), 1);
  });

  it("lets a batch wait for the one that names its series, and gives it up in the end", async () => {
    const { ingest, send, pass, state, settled, stored } = setUp();
    const [early, lost] = [1, 2];
    state.unnamed.add(early).add(lost);
    assert.deepEqual([send(), send()], [early, lost]);
    await pass(2_000);
    assert.deepEqual(stored, []);
    state.unnamed.delete(early);
    await pass(30_000);
    await ingest.stop();
    assert.ok(settled.filter((what) => what === "retry").length >= 14);
    assert.equal(settled.filter((what) => what === "reject").length, 1);
    assert.deepEqual(stored, [early]);
  });
});
