import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { buildResult } from "../testing/results.ts";
import { compare } from "./compare.ts";
import { judge, parseCondition } from "./condition.ts";

const BASE = [70, 71, 72, 73, 74];

function outcome(text: string, after: readonly number[], before: readonly number[] = BASE) {
  const result = (experiment: string, vdpa: readonly number[]) =>
    ({ kind: "measured", result: buildResult({ experiment, gigabits: { vdpa } }) }) as const;
  const comparison = compare([result("before", before), result("after", after)]);
  return judge(comparison, parseCondition(text)).map((each) => each.outcome);
}

describe("parseCondition", () => {
  it("takes a metric, a side and percent", () => {
    const { metric, isBelow, bound } = parseCondition(" latency-p99 > +7.5% ");
    assert.deepEqual([metric, isBelow, bound], ["latency-p99", false, 0.075]);
  });

  it("refuses anything else, and names the metrics there are", () => {
    for (const text of ["throughput", "throughput<5", "speed<-5%", "throughput<=5%", "", "<5%"]) {
      assert.throws(
        () => parseCondition(text),
        (error) =>
          error instanceof InvalidInputError &&
          error.reason === "CONDITION_MALFORMED" &&
          /throughput, latency-p50/.test(error.metadata["needs"] ?? ""),
      );
    }
  });
});

describe("judge", () => {
  const lower = BASE.map((value) => value * 0.9);

  it("fails a significant change beyond the bound, and no smaller one", () => {
    assert.deepEqual(outcome("throughput<-5%", lower), ["failed"]);
    assert.deepEqual(outcome("throughput<-15%", lower), ["passed"]);
    assert.deepEqual(outcome("throughput>+5%", lower), ["passed"]);
  });

  it("passes what may be chance", () => {
    assert.deepEqual(outcome("throughput<-5%", [60, 62, 64, 73.5, 74.5]), ["passed"]);
  });

  it("is undecided where rounds are too few, or nothing was measured twice", () => {
    assert.deepEqual(outcome("throughput<-5%", [60, 61], [70, 71]), ["undecided"]);
    assert.deepEqual(outcome("power-ipmi>+5%", lower), ["undecided"]);
  });
});
