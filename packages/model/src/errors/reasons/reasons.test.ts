import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SwitchyardError } from "../switchyard-error.ts";
import { isReason, REASON_GROUPS, REASONS } from "./reasons.ts";

describe("the registry of reasons", () => {
  it("holds UPPER_SNAKE codes of at most 63 characters with a summary and a fix", () => {
    for (const [reason, entry] of Object.entries(REASONS)) {
      assert.match(reason, /^[A-Z][A-Z0-9_]{0,62}$/);
      assert.match(entry.summary, /\.$/, reason);
      assert.ok(entry.fix.length > 0, reason);
    }
  });

  it("holds no code in two groups", () => {
    const codes = REASON_GROUPS.flatMap((group) => Object.keys(group));
    assert.equal(new Set(codes).size, codes.length);
    assert.deepEqual(codes.toSorted(), Object.keys(REASONS).toSorted());
  });

  it("knows its own and nothing that every object has", () => {
    assert.equal(isReason("PLAN_STALE"), true);
    assert.equal(isReason("toString"), false);
  });

  it("gives every error its gRPC code", () => {
    assert.equal(new SwitchyardError("NO_CAPACITY", "no host").code, "RESOURCE_EXHAUSTED");
  });
});
