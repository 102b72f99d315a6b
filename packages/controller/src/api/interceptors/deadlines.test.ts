import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@switchyard/runtime";
import { createDeadlines } from "./deadlines.ts";

const LIMIT_MS = 30_000;

describe("createDeadlines", () => {
  it("gives what the work gives, an error included", async () => {
    const deadlines = createDeadlines(new ManualClock(), LIMIT_MS);
    assert.equal(await deadlines.within(Promise.resolve(1)), 1);
    const failure = new Error("failed");
    await assert.rejects(deadlines.within(Promise.reject(failure)), failure);
  });

  it("ends each call once its own time is over", async () => {
    const clock = new ManualClock();
    const deadlines = createDeadlines(clock, LIMIT_MS);
    const never = new Promise<never>(() => undefined);
    const ended: string[] = [];
    const call = (name: string) =>
      deadlines.within(never).catch(({ reason }) => ended.push(`${name} ${reason}`));
    const first = call("first");
    await clock.advance(20_000);
    const second = call("second");
    await clock.advance(11_000);
    await first;
    assert.deepEqual(ended, ["first CALL_TIMED_OUT"]);
    await clock.advance(20_000);
    await second;
    assert.deepEqual(ended, ["first CALL_TIMED_OUT", "second CALL_TIMED_OUT"]);
  });
});
