import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChangeOperation } from "@switchyard/store";
import { coalesce } from "./coalesce.ts";

interface Entry {
  readonly kind: "vms";
  readonly key: string;
  readonly operation: ChangeOperation;
  readonly content: number;
}

const log = (...entries: readonly (readonly [ChangeOperation, string])[]): Entry[] =>
  entries.map(([operation, key], content) => ({ kind: "vms", key, operation, content }));

const summary = (changes: readonly Entry[]): string[] =>
  changes.map(({ operation, key, content }) => `${operation} ${key} ${content}`);

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
