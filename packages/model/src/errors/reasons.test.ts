import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isReason, REASONS } from "./reasons.ts";
import { SwitchyardError } from "./switchyard-error.ts";

describe("the registry of reasons", () => {
  it("holds UPPER_SNAKE codes of at most 63 characters with a summary and a fix", () => {
    for (const [reason, entry] of Object.entries(REASONS)) {
      assert.match(reason, /^[A-Z][A-Z0-9_]{0,62}$/);
      assert.match(entry.summary, /\.$/, reason);
      assert.ok(entry.fix.length > 0, reason);
    }
  });

  it("knows its own and nothing that every object has", () => {
    assert.equal(isReason("PLAN_STALE"), true);
    assert.equal(isReason("toString"), false);
  });

  it("gives every error its gRPC code", () => {
    assert.equal(new SwitchyardError("NO_CAPACITY", "no host").code, "RESOURCE_EXHAUSTED");
  });
});
