import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../../usage-error.ts";
import { rolloutSpecOf } from "./rollout-spec.ts";

const strategyOf = (options: Parameters<typeof rolloutSpecOf>[0]) =>
  rolloutSpecOf({ profile: ["fleet"], ...options }).strategy;

describe("gates of swy rollout start", () => {
  it("are bounds on metrics, and an experiment with its conditions", () => {
    const strategy = strategyOf({
      gate: ["host.cpu_busy_seconds>+20%", "nic.vf.tx_bytes < -7.5%"],
      gateExperiment: "before",
      gateCondition: ["throughput<-5%"],
    });
    assert.deepEqual(
      strategy?.gates.map(({ gate }) => gate?.value),
      [
        { metric: "host.cpu_busy_seconds", percent: 20 },
        { metric: "nic.vf.tx_bytes", percent: -7.5 },
        { baseline: "experiments/before", conditions: ["throughput<-5%"] },
      ],
    );
  });

  it("are refused where a side and its sign do not agree, or half is missing", () => {
    for (const options of [
      { gate: ["host.cpu_busy_seconds>-20%"] },
      { gate: ["host.cpu_busy_seconds<20%"] },
      { gate: ["host.cpu_busy_seconds"] },
      { gateExperiment: "before" },
      { gateCondition: ["throughput<-5%"] },
    ]) {
      assert.throws(() => strategyOf(options), UsageError);
    }
  });

  it("go with failure domains", () => {
    const strategy = strategyOf({ domain: "rack", maxPerDomain: "2" });
    assert.deepEqual([strategy?.domainLabel, strategy?.domainMaxUnavailable], ["rack", 2]);
  });
});
