import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freezeText, lostTogetherMax } from "./freeze.ts";

describe("lostTogetherMax", () => {
  it("is a tenth of the fleet, at least 3 hosts and at most 20", () => {
    assert.deepEqual([1, 30, 59, 100, 200, 10_000].map(lostTogetherMax), [3, 3, 5, 10, 20, 20]);
  });
});

describe("freezeText", () => {
  it("says how many were lost, or that it is the controller that is cut off", () => {
    const freeze = { sinceMs: 0, lostCount: 25, hostCount: 100, liftAtCount: 10 } as const;
    assert.match(freezeText({ ...freeze, cause: "hosts-lost" }), /25 of 100 hosts/);
    assert.match(freezeText({ ...freeze, cause: "bus-away" }), /does not reach NATS/);
    assert.match(freezeText({ ...freeze, cause: "restored" }), /restored from a copy/);
  });
});
