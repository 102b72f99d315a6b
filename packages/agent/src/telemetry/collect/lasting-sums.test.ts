import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLastingSums } from "./lasting-sums.ts";

const METRIC = "vm.rx_bytes";

function world() {
  const sums = createLastingSums();
  const take = (thing: string, value: number) => {
    sums.take(METRIC, "web-1", { thing, value });
    return sums.valueOf(METRIC, "web-1");
  };
  return { sums, take };
}

describe("lasting sums", () => {
  it("count from the first look on", () => {
    const { take } = world();
    assert.equal(take("a", 1_000), 0);
    assert.equal(take("a", 1_010), 10);
    assert.equal(take("b", 500), 10);
    assert.equal(take("b", 501), 11);
  });

  it("take a fall for a new beginning", () => {
    const { take } = world();
    take("a", 1_000);
    assert.equal(take("a", 7), 7);
  });

  it("do not fall when one of their things leaves, and end with the last", () => {
    const { sums, take } = world();
    take("a", 0);
    take("b", 0);
    take("a", 100);
    sums.keepOnly(new Set(["b"]));
    assert.equal(take("b", 5), 105);
    assert.equal(take("a", 100), 105);
    sums.keepOnly(new Set());
    assert.equal(sums.valueOf(METRIC, "web-1"), undefined);
  });
});
