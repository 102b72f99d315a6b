import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../../usage-error.ts";
import { rolloutSpecOf } from "./rollout-spec.ts";

describe("what swy rollout start goes over", () => {
  it("is by selector, by profiles, or all of it", () => {
    const bySelector = rolloutSpecOf({ selector: ["rack=a"] });
    assert.deepEqual([bySelector.profiles, bySelector.selector], [[], { rack: "a" }]);
    const byProfile = rolloutSpecOf({ profile: ["blue", "profiles/green"], selector: ["rack=a"] });
    assert.deepEqual(byProfile.profiles, ["profiles/blue", "profiles/green"]);
    assert.equal(rolloutSpecOf({ allHosts: true }).allHosts, true);
  });

  it("is said, and said once", () => {
    for (const options of [
      {},
      { set: ["hw-offload=true"] },
      { allHosts: true, profile: ["blue"] },
      { allHosts: true, selector: ["rack=a"] },
    ]) {
      assert.throws(() => rolloutSpecOf(options), UsageError);
    }
  });
});
