import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { canBecome, statesBefore, VM_TRANSITIONS, type VmState } from "./vm-state.ts";

const states = Object.keys(VM_TRANSITIONS) as VmState[];

describe("the states of a VM", () => {
  it("let a VM be deleted from every state but while it moves", () => {
    assert.deepEqual(
      states.filter((state) => !canBecome(state, "deleting")),
      ["moving"],
    );
  });

  it("let a VM be started only where it has no process, or is booted again", () => {
    assert.deepEqual(statesBefore("starting"), ["running", "stopped", "failed", "lost"]);
  });

  it("let no VM come back once it is being deleted", () => {
    assert.deepEqual(VM_TRANSITIONS.deleting, ["failed"]);
  });

  it("let everything that has a state keep it", () => {
    assert.ok(states.every((state) => canBecome(state, state)));
  });
});
