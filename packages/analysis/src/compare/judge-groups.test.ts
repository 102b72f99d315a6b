import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeGroups } from "./judge-groups.ts";

const UNCHANGED = [10, 10.2, 9.9, 10.1, 9.8];
const outcomeOf = (changed: readonly number[], percent: number, unchanged = UNCHANGED) =>
  judgeGroups({ changed, unchanged }, percent).outcome;

describe("judgeGroups", () => {
  it("passes what stays within the bound, also of a single host", () => {
    assert.equal(outcomeOf([11], 20), "passed");
    assert.equal(outcomeOf([5], 20), "passed");
    assert.equal(outcomeOf([11], -20), "passed");
  });

  it("fails what is beyond it and no chance", () => {
    assert.equal(outcomeOf([15, 15.1, 14.9], 20), "failed");
    assert.equal(outcomeOf([5, 5.1, 4.9], -20), "failed");
  });

  it("can't tell where hosts are too few, or differ as much among themselves", () => {
    assert.equal(outcomeOf([15], 20), "inconclusive");
    assert.equal(outcomeOf([9, 15, 15], 20), "inconclusive");
    assert.match(judgeGroups({ changed: [15], unchanged: UNCHANGED }, 20).why, /may be chance/);
  });

  it("can't tell without samples, and of no share of nothing", () => {
    assert.match(judgeGroups({ changed: [], unchanged: UNCHANGED }, 20).why, /hosts with the/);
    assert.match(judgeGroups({ changed: [1], unchanged: [] }, 20).why, /hosts without the/);
    assert.equal(outcomeOf([1], 20, [0, 0, 0]), "inconclusive");
    assert.equal(outcomeOf([0], 20, [0, 0, 0]), "passed");
  });
});
