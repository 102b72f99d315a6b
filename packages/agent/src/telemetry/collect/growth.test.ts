import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGrowth } from "./growth.ts";

type Values = readonly (readonly [string, number])[];

/** `read` looks at the one place `eth0`; `readAll` at the places it is given. */
function world() {
  const growth = createGrowth<string>();
  const readAll = (places: Readonly<Record<string, Values | undefined>>) => {
    growth.take(
      Object.entries(places).map(([place, values]) => ({
        place,
        things: values?.map(([key, value]) => ({ key, sum: "all", value })),
      })),
    );
    return growth.sums().get("all");
  };
  return { readAll, read: (...values: Values) => readAll({ eth0: values }) };
}

describe("growth", () => {
  it("begins at nothing, adds what grew and what came, and never falls", () => {
    const { read } = world();
    assert.equal(read(["a", 100], ["b", 7]), 0);
    assert.equal(read(["a", 130], ["b", 7]), 30);
    assert.equal(read(["a", 131], ["c", 5]), 36);
    assert.equal(read(), 36);
    assert.equal(read(["a", 4]), 40);
  });

  it("takes a counter that fell for one that was made anew", () => {
    const { read } = world();
    read(["a", 100]);
    assert.equal(read(["a", 3]), 3);
  });

  it("counts once what grew while its place could not be read, however long", () => {
    const { readAll } = world();
    readAll({ eth0: [["a", 100]], eth1: [["a", 1_000]] });
    assert.equal(readAll({ eth0: [["a", 110]], eth1: undefined }), 10);
    assert.equal(readAll({ eth0: [["a", 110]], eth1: undefined }), 10);
    assert.equal(readAll({ eth0: [["a", 110]], eth1: [["a", 1_005]] }), 15);
  });

  it("counts nothing from before the first look at a place that could not be read at first", () => {
    const { readAll } = world();
    readAll({ eth0: [["a", 0]], eth1: undefined });
    assert.equal(readAll({ eth0: [["a", 0]], eth1: [["a", 1_000]] }), 0);
    assert.equal(readAll({ eth0: [["a", 0]], eth1: [["a", 1_001]] }), 1);
  });

  it("forgets what is not at its place any more, and all of a place that is gone", () => {
    const { readAll } = world();
    readAll({ eth0: [["a", 100]], eth1: [["a", 50]] });
    readAll({ eth0: [] });
    assert.equal(readAll({ eth0: [["a", 120]], eth1: [["a", 60]] }), 180);
  });
});
