import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Change, ChangeOp } from "./change-hub.ts";
import { coalesce } from "./coalesce.ts";

const log = (...entries: readonly (readonly [ChangeOp, string])[]): Change[] =>
  entries.map(([op, key], at) => ({ xid: 1n, seq: BigInt(at + 1), kind: "vm", key, op, body: at }));

const summary = (changes: readonly Change[]): string[] =>
  changes.map(({ op, key, body }) => `${op} ${key} ${body}`);

describe("coalesce", () => {
  it("keeps the newest content of every record", () => {
    const changes = log(["updated", "a"], ["updated", "b"], ["updated", "a"]);
    assert.deepEqual(summary(coalesce(changes)), ["updated b 1", "updated a 2"]);
  });

  it("says created of a record that was made and then changed", () => {
    assert.deepEqual(summary(coalesce(log(["created", "a"], ["updated", "a"]))), ["created a 1"]);
  });

  it("says nothing of a record that came and went", () => {
    assert.deepEqual(coalesce(log(["created", "a"], ["deleted", "a"])), []);
  });

  it("says updated of a record that was deleted and made anew", () => {
    assert.deepEqual(summary(coalesce(log(["deleted", "a"], ["created", "a"]))), ["updated a 1"]);
  });
});
