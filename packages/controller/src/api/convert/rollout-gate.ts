import type { GateOutcome, GateVerdict, RolloutGate } from "@switchyard/model";
import {
  type RolloutGate as ProtoGate,
  type RolloutGateOutcome as ProtoOutcome,
  RolloutGateVerdict as ProtoVerdict,
} from "@switchyard/proto";
import { experimentName } from "../validation/names.ts";

const VERDICT: Readonly<Record<GateVerdict, ProtoVerdict>> = {
  pending: ProtoVerdict.PENDING,
  passed: ProtoVerdict.PASSED,
  failed: ProtoVerdict.FAILED,
  inconclusive: ProtoVerdict.INCONCLUSIVE,
};

export function toProtoGate(gate: RolloutGate): ProtoGate {
  if (gate.kind === "metric") {
    const { metric, percent } = gate;
    return { gate: { $case: "metric", value: { metric, percent } } };
  }
  const { baseline, conditions } = gate;
  const value = { baseline: experimentName.format(baseline), conditions: [...conditions] };
  return { gate: { $case: "experiment", value } };
}

export const toProtoGateOutcome = (outcome: GateOutcome): ProtoOutcome => ({
  wave: outcome.wave,
  position: outcome.position,
  verdict: VERDICT[outcome.verdict],
  found: outcome.found,
  experiment: outcome.experiment === undefined ? "" : experimentName.format(outcome.experiment),
  accepted: outcome.isAccepted,
});
