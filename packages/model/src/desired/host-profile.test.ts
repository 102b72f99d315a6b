import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesSelector } from "./host-profile.ts";

describe("matchesSelector", () => {
  it("wants every label and does not mind others", () => {
    assert.equal(matchesSelector({ nic: "cx6dx" }, { nic: "cx6dx", rack: "a" }), true);
    assert.equal(matchesSelector({ nic: "cx6dx", rack: "b" }, { nic: "cx6dx", rack: "a" }), false);
  });

  it("matches no host when it is empty", () => {
    assert.equal(matchesSelector({}, { nic: "cx6dx" }), false);
  });
});
