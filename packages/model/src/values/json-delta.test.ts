import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyJsonDelta, diffJson, isJsonDelta } from "./json-delta.ts";

/** Park and Miller: enough to draw shapes, and the same everywhere. */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const SEED = 20_261_127;
const NAMES = ["a", "b", "c", "__proto__", "constructor", ""];

function drawValue(draw: (below: number) => number, depth: number): unknown {
  switch (draw(depth <= 0 ? 4 : 6)) {
    case 0:
      return null;
    case 1:
      return draw(3);
    case 2:
      return draw(2) === 0;
    case 3:
      return NAMES[draw(NAMES.length)];
    case 4:
      return Array.from({ length: draw(3) }, () => drawValue(draw, depth - 1));
    default:
      return Object.fromEntries(
        NAMES.filter(() => draw(2) === 0).map((name) => [name, drawValue(draw, depth - 1)]),
      );
  }
}

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("diffJson", () => {
  it("gives what makes one value of another, whatever they are", () => {
    const draw = draws(SEED);
    for (let round = 0; round < 2_000; round += 1) {
      const [before, after] = [drawValue(draw, 3), drawValue(draw, 3)];
      const delta = diffJson(before, after);
      assert.ok(isJsonDelta(copy(delta)));
      assert.deepEqual(copy(applyJsonDelta(copy(before), copy(delta) as typeof delta)), after);
      assert.deepEqual(diffJson(after, copy(after)), []);
    }
  });

  it("names the one member that changed, and one that went", () => {
    const before = { pfs: [{ vfs: [{ mac: "a" }, { mac: "b" }] }], gone: 1 };
    const after = { pfs: [{ vfs: [{ mac: "a" }, { mac: "c" }] }], absent: undefined };
    assert.deepEqual(diffJson(before, after), [
      { at: ["pfs", 0, "vfs", 1, "mac"], to: "c" },
      { at: ["gone"] },
    ]);
  });
});

describe("applyJsonDelta", () => {
  it("refuses places that are not there, and touches no prototype", () => {
    for (const at of [
      ["x", "y"],
      ["list", 7],
      ["list", "length"],
      ["__proto__", "polluted"],
    ]) {
      assert.equal(applyJsonDelta({ list: [1] }, [{ at, to: 1 }]), undefined);
    }
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });
});

describe("isJsonDelta", () => {
  it("tells a delta from what is none", () => {
    assert.ok(isJsonDelta([]));
    for (const none of [null, {}, [1], [{ to: 1 }], [{ at: [{}] }], [{ at: "a" }]]) {
      assert.ok(!isJsonDelta(none));
    }
  });
});
