import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CONTRACT } from "./cases/index.ts";
import { runGroup } from "./contract.ts";
import { createSimulatedGround } from "./simulated.ts";

describe("the contract of the host's tools, on a simulated host", () => {
  const ground = createSimulatedGround();
  for (const group of CONTRACT) {
    it(group.name, async () => {
      const results = await runGroup(ground, group);
      const found = results.map(({ name, found: outcome }) => ({ name, ...outcome }));
      const expected = results.map(({ name, expected: outcome }) => ({ name, ...outcome }));
      assert.deepEqual(found, expected);
      assert.equal(results.length, group.calls.length);
    });
  }
});
