import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { type RolloutGate, RolloutSpec, RolloutStrategy } from "@switchyard/proto";
import { readRolloutSpec } from "./rollout.ts";
import { createViolations } from "./violations.ts";

type Strategy = Partial<RolloutStrategy>;

function read(strategy: Strategy) {
  const violations = createViolations();
  const proto = {
    ...RolloutSpec.create(),
    profile: "profiles/fleet",
    strategy: { ...RolloutStrategy.create(), ...strategy },
  };
  const spec = readRolloutSpec(proto, violations);
  violations.assertNone();
  return spec?.strategy;
}

const metric = (value: { metric?: string; percent?: number }): RolloutGate => ({
  gate: { $case: "metric", value: { metric: "host.cpu_busy_seconds", percent: 20, ...value } },
});
const experiment = (value: { baseline?: string; conditions?: string[] }): RolloutGate => ({
  gate: {
    $case: "experiment",
    value: { baseline: "experiments/before", conditions: ["throughput<-5%"], ...value },
  },
});
const SHORT = { seconds: 9n, nanos: 0 };

describe("gates of a rollout", () => {
  it("are a metric or an experiment", () => {
    assert.deepEqual(read({ gates: [metric({}), experiment({})] })?.gates, [
      { kind: "metric", metric: "host.cpu_busy_seconds", percent: 20 },
      { kind: "experiment", baseline: "before", conditions: ["throughput<-5%"] },
    ]);
    assert.equal(read({})?.gates, undefined);
  });

  it("name the field that is not valid", () => {
    const bad: readonly (readonly [Strategy, string])[] = [
      [{ gates: [{ gate: undefined }] }, "strategy.gates[0]"],
      [{ gates: [metric({ metric: "no.such" })] }, "strategy.gates[0].metric.metric"],
      [{ gates: [metric({ percent: 0 })] }, "strategy.gates[0].metric.percent"],
      [{ gates: [metric({ percent: Number.NaN })] }, "strategy.gates[0].metric.percent"],
      [{ gates: [metric({})], soak: SHORT }, "strategy.gates[0].metric.metric"],
      [{ gates: [experiment({ conditions: [] })] }, "strategy.gates[0].experiment.conditions"],
      [
        { gates: [experiment({ conditions: ["fast"] })] },
        "strategy.gates[0].experiment.conditions[0]",
      ],
      [{ gates: [experiment({ baseline: "before" })] }, "strategy.gates[0].experiment.baseline"],
      [{ gates: new Array<RolloutGate>(9).fill(metric({})) }, "strategy.gates"],
      [{ domainMaxUnavailable: 1 }, "strategy.domain_max_unavailable"],
    ];
    for (const [strategy, field] of bad) {
      assert.throws(
        () => read(strategy),
        (error) =>
          error instanceof InvalidInputError &&
          error.violations.some((violation) => violation.field === field),
        field,
      );
    }
  });
});
