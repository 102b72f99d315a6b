import type { RolloutGate } from "@switchyard/client";
import type { Command } from "commander";
import { resourceName } from "../../input/names.ts";
import { collect } from "../../input/pairs.ts";
import { UsageError } from "../../usage-error.ts";

export interface GateOptions {
  readonly gate?: readonly string[];
  readonly gateExperiment?: string;
  readonly gateCondition?: readonly string[];
}

export function addGateOptions(command: Command): void {
  command
    .option(
      "--gate <condition>",
      "halt where hosts with the change differ from those without: 'host.cpu_busy_seconds>+20%'; pauses where it can't tell",
      collect,
    )
    .option("--gate-experiment <experiment>", "after the canary, measure as this experiment did")
    .option(
      "--gate-condition <condition>",
      "with --gate-experiment: a change that is not accepted, 'throughput<-5%'",
      collect,
    );
}

const GRAMMAR = /^([a-z][a-z0-9_.]*)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*%$/;

function metricGate(text: string): RolloutGate {
  const [, metric, side, bound] = GRAMMAR.exec(text.trim()) ?? [];
  const percent = Number(bound);
  if (metric === undefined || (side === ">" ? percent <= 0 : percent >= 0)) {
    throw new UsageError(`"${text}" is no gate; write it as METRIC>+N% or METRIC<-N%`, [
      "swy metrics query --help names the metrics",
    ]);
  }
  return { gate: { $case: "metric", value: { metric, percent } } };
}

/** @throws UsageError */
export function gatesOf(options: GateOptions): RolloutGate[] {
  const { gate = [], gateExperiment, gateCondition: conditions = [] } = options;
  const gates = gate.map(metricGate);
  if ((gateExperiment === undefined) !== (conditions.length === 0)) {
    throw new UsageError("--gate-experiment and --gate-condition go together");
  }
  if (gateExperiment !== undefined) {
    const baseline = resourceName("experiments", gateExperiment);
    gates.push({ gate: { $case: "experiment", value: { baseline, conditions: [...conditions] } } });
  }
  return gates;
}
