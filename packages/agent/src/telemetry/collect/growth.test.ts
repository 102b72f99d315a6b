import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGrowth } from "./growth.ts";

const things = (...values: readonly (readonly [string, number])[]) =>
  values.map(([key, value]) => ({ key, sum: "all", value }));

describe("growth", () => {
  it("begins at nothing, adds what grew and what came, and never falls", () => {
    const growth = createGrowth<string>();
    const take = (...values: readonly (readonly [string, number])[]) => {
      growth.take(things(...values));
      return growth.sums().get("all");
    };
    assert.equal(take(["a", 100], ["b", 7]), 0);
    assert.equal(take(["a", 130], ["b", 7]), 30);
    assert.equal(take(["a", 131], ["c", 5]), 36);
    assert.equal(take(), 36);
    assert.equal(take(["a", 4]), 40);
  });

  it("takes a counter that fell for one that was made anew", () => {
    const growth = createGrowth<string>();
    growth.take(things(["a", 100]));
    growth.take(things(["a", 3]));
    assert.equal(growth.sums().get("all"), 3);
  });
});
