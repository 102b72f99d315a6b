import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError } from "@switchyard/model";
import { done, refused } from "../connection/outcome.ts";
import { gather, gatherOne, gatherReads } from "./gather.ts";

describe("gather", () => {
  it("answers all that is asked in one turn by one call, each with its own", async () => {
    const calls: (readonly number[])[] = [];
    const double = gather(async (asked: readonly number[]) => {
      calls.push(asked);
      return asked.map((number) => done(number * 2));
    });
    assert.deepEqual(await Promise.all([double(1), double(3), double(1)]), [2, 6, 2]);
    assert.deepEqual(calls, [[1, 3, 1]]);
  });

  it("asks again for what is asked later, and keeps no answer", async () => {
    let answer = "before";
    const read = gather(async (asked: readonly string[]) => asked.map(() => done(answer)));
    assert.equal(await read("same"), "before");
    answer = "after";
    assert.equal(await read("same"), "after");
  });

  it("refuses the one that is refused and answers the others", async () => {
    const no = new StoreError("RESOURCE_IN_USE", "no");
    const ask = gather(async (asked: readonly string[]) =>
      asked.map((each) => (each === "bad" ? refused(no) : done(each))),
    );
    const results = await Promise.allSettled([ask("a"), ask("bad"), ask("b")]);
    assert.deepEqual(results, [
      { status: "fulfilled", value: "a" },
      { status: "rejected", reason: no },
      { status: "fulfilled", value: "b" },
    ]);
  });

  it("rejects all of a call that failed or that gave too few answers", async () => {
    const failed = new Error("away");
    const ask = gather<number, number>(async (asked) => {
      if (asked.includes(0)) throw failed;
      return [];
    });
    const reasons = async (...asked: readonly number[]) =>
      (await Promise.allSettled(asked.map(ask))).map((each) =>
        each.status === "rejected" ? each.reason.constructor : "answered",
      );
    assert.deepEqual(await reasons(0, 1), [Error, Error]);
    assert.deepEqual(await reasons(1, 2), [TypeError, TypeError]);
  });

  it("asks no more than 256 at once", async () => {
    const sizes: number[] = [];
    const ask = gather(async (asked: readonly number[]) => {
      sizes.push(asked.length);
      return asked.map(done);
    });
    const asked = Array.from({ length: 300 }, (_, index) => index);
    assert.deepEqual(await Promise.all(asked.map(ask)), asked);
    assert.deepEqual(sizes, [256, 44]);
  });
});

describe("gatherReads", () => {
  it("reads a key once however many ask, and gives undefined for one that is not there", async () => {
    const calls: (readonly string[])[] = [];
    const find = gatherReads(async (keys: readonly string[]) => {
      calls.push(keys);
      return new Map([["a", 1]]);
    });
    assert.deepEqual(await Promise.all([find("a"), find("b"), find("a")]), [1, undefined, 1]);
    assert.deepEqual(calls, [["a", "b"]]);
  });
});

describe("gatherOne", () => {
  it("reads once for all that ask in one turn", async () => {
    let count = 0;
    const read = gatherOne(async () => {
      count += 1;
      return count;
    });
    assert.deepEqual(await Promise.all([read(), read()]), [1, 1]);
    assert.equal(await read(), 2);
  });
});
