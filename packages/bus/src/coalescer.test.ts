import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCoalescer } from "./coalescer.ts";

const numbers = (flush: (batch: readonly number[]) => Promise<void>) =>
  createCoalescer<number>({ weightMax: 10, weigh: (item) => item, inFlightMax: 1, flush });

describe("createCoalescer", () => {
  it("does the first at once and what gathers meanwhile together", async () => {
    const batches: (readonly number[])[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const coalescer = numbers(async (batch) => {
      batches.push(batch);
      await promise;
    });
    const calls = [1, 2, 3].map((item) => coalescer.add([item]));
    assert.deepEqual(batches, [[1]]);
    resolve();
    await Promise.all(calls);
    assert.deepEqual(batches, [[1], [2, 3]]);
  });

  it("keeps a batch below its weight, and takes what is heavier alone", async () => {
    const batches: (readonly number[])[] = [];
    const coalescer = numbers(async (batch) => void batches.push(batch));
    await Promise.all([[1], [6], [5], [20], [1]].map((items) => coalescer.add(items)));
    assert.deepEqual(batches, [[1], [6], [5], [20], [1]]);
  });

  it("fails the calls of a failed batch only", async () => {
    const coalescer = numbers(async (batch) => {
      if (batch.includes(7)) throw new Error("seven");
    });
    const [first, seven] = await Promise.allSettled([coalescer.add([1]), coalescer.add([7])]);
    assert.deepEqual([first?.status, seven?.status], ["fulfilled", "rejected"]);
    await coalescer.idle();
    await coalescer.add([2]);
  });
});
