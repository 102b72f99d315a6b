import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createKeyedLocks } from "./keyed-locks.ts";

describe("createKeyedLocks", () => {
  it("lets one piece of work at a key, in the order they came, also after one that failed", async () => {
    const locks = createKeyedLocks();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = locks.run("a", async () => {
      await gate.promise;
      seen.push("first");
      throw new Error("failed");
    });
    const second = locks.run("a", async () => void seen.push("second"));
    await locks.run("b", async () => void seen.push("other key"));
    gate.resolve();
    await assert.rejects(first, /failed/);
    await second;
    assert.deepEqual(seen, ["other key", "first", "second"]);
  });
});
