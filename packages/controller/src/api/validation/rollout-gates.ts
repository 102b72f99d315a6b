import { parseCondition } from "@switchyard/analysis";
import {
  type ExperimentGate,
  GATE_LIMITS,
  isMetricName,
  type MetricGate,
  type RolloutGate,
} from "@switchyard/model";
import type {
  ExperimentGate as ProtoExperimentGate,
  RolloutGate as ProtoGate,
  MetricGate as ProtoMetricGate,
} from "@switchyard/proto";
import { experimentName } from "./names.ts";
import type { Violations } from "./violations.ts";

function readMetric(
  { metric, percent }: ProtoMetricGate,
  soakMs: number,
  violations: Violations,
): MetricGate | undefined {
  const { percentMax, soakMsMin } = GATE_LIMITS;
  const isBound = Number.isFinite(percent) && percent !== 0 && Math.abs(percent) <= percentMax;
  violations.check(isBound, "percent", `must be -${percentMax} to ${percentMax}, and not 0`);
  violations.check(
    soakMs >= soakMsMin,
    "metric",
    `needs a soak of at least ${soakMsMin / 1000} s, over which it is looked at`,
  );
  if (isMetricName(metric)) return { kind: "metric", metric, percent };
  violations.add("metric", "is no metric that agents send");
  return undefined;
}

function readExperiment(
  { baseline, conditions }: ProtoExperimentGate,
  violations: Violations,
): ExperimentGate | undefined {
  const id = violations.parse("baseline", baseline, experimentName.parse);
  const { conditionsMax: max } = GATE_LIMITS;
  violations.check(
    conditions.length >= 1 && conditions.length <= max,
    "conditions",
    `must be one to ${max}`,
  );
  const parsed = conditions.map((text, at) =>
    violations.parse(`conditions[${at}]`, text, parseCondition),
  );
  if (id === undefined || parsed.includes(undefined)) return undefined;
  return { kind: "experiment", baseline: id, conditions };
}

function readGate(
  { gate }: ProtoGate,
  soakMs: number,
  violations: Violations,
): RolloutGate | undefined {
  switch (gate?.$case) {
    case "metric":
      return readMetric(gate.value, soakMs, violations.at("metric"));
    case "experiment":
      return readExperiment(gate.value, violations.at("experiment"));
    case undefined:
      violations.add("", "must be a metric or an experiment");
      return undefined;
  }
}

/** @param soakMs of the rollout, over which metrics are looked at */
export function readGates(
  gates: readonly ProtoGate[],
  soakMs: number,
  violations: Violations,
): readonly RolloutGate[] {
  const { gatesMax: max } = GATE_LIMITS;
  violations.check(gates.length <= max, "gates", `must be at most ${max}`);
  return gates
    .slice(0, max)
    .flatMap((gate, at) => readGate(gate, soakMs, violations.at(`gates[${at}]`)) ?? []);
}
