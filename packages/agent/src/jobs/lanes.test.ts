import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLanes, type Lane } from "./lanes.ts";

const EXCLUSIVE: Lane = { kind: "exclusive" };
const READ: Lane = { kind: "read" };
const vm = (name: string): Lane => ({ kind: "vm", vm: name });

/** Jobs that end when told; `running` holds the names of those that have begun. */
function board() {
  const lanes = createLanes();
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  const start = (name: string, lane: Lane) =>
    lanes.run(lane, async () => {
      running.add(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      running.delete(name);
    });
  const end = async (name: string, done: Promise<void>) => {
    ends.get(name)?.();
    await done;
  };
  return { start, end, now: () => [...running].sort() };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("createLanes", () => {
  it("runs VM jobs side by side, one at a time per VM", async () => {
    const { start, end, now } = board();
    const first = start("a1", vm("a"));
    void start("b1", vm("b"));
    void start("a2", vm("a"));
    await settled();
    assert.deepEqual(now(), ["a1", "b1"]);
    await end("a1", first);
    await settled();
    assert.deepEqual(now(), ["a2", "b1"]);
  });

  it("runs an exclusive job alone, after those before it and before those after it", async () => {
    const { start, end, now } = board();
    const first = start("a1", vm("a"));
    const apply = start("apply", EXCLUSIVE);
    void start("b1", vm("b"));
    await settled();
    assert.deepEqual(now(), ["a1"]);
    await end("a1", first);
    await settled();
    assert.deepEqual(now(), ["apply"]);
    await end("apply", apply);
    await settled();
    assert.deepEqual(now(), ["b1"]);
  });

  it("runs reads whatever else runs", async () => {
    const { start, now } = board();
    void start("apply", EXCLUSIVE);
    void start("read", READ);
    await settled();
    assert.deepEqual(now(), ["apply", "read"]);
  });

  it("gives the lane back when a job throws", async () => {
    const lanes = createLanes();
    const failing = lanes.run(EXCLUSIVE, () => Promise.reject(new Error("broken")));
    await assert.rejects(failing, /broken/);
    await lanes.run(EXCLUSIVE, async () => undefined);
  });
});
