import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextFactor } from "./flow.ts";

describe("nextFactor", () => {
  it("doubles while ingest lags, up to sixteen", () => {
    assert.equal(nextFactor(1, 10_001), 2);
    assert.equal(nextFactor(16, 60_000), 16);
  });

  it("halves once ingest has caught up, down to one", () => {
    assert.equal(nextFactor(8, 100), 4);
    assert.equal(nextFactor(1, 0), 1);
  });

  it("holds in between", () => {
    assert.equal(nextFactor(4, 5_000), 4);
  });
});
