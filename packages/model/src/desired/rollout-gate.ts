import type { ExperimentId, RolloutId } from "../ids/ids.ts";
import type { MetricName } from "../telemetry/metrics.ts";

/**
 * A metric of hosts that have the change against hosts that do not have it yet, over the same soak. There is nobody left to
 * compare with after the last wave, which it does not guard.
 */
export interface MetricGate {
  readonly kind: "metric";
  readonly metric: MetricName;
  /** Change of the median host that is not accepted, percent: 20 is more than 20 % above, -20 more than 20 % below. */
  readonly percent: number;
}

/** An experiment on hosts of the canary, with the spec of one that was made before and is compared with. */
export interface ExperimentGate {
  readonly kind: "experiment";
  readonly baseline: ExperimentId;
  /** Changes that are not accepted: `throughput<-5%`; at least one. */
  readonly conditions: readonly string[];
}

/** What a wave must show before the next begins, beside hosts that are well. */
export type RolloutGate = MetricGate | ExperimentGate;

/** `inconclusive` pauses the rollout: nothing was found, and nothing could be ruled out. */
export type GateVerdict = "pending" | "passed" | "failed" | "inconclusive";

/** What became of a gate after a wave. */
export interface GateOutcome {
  readonly wave: number;
  /** In the strategy's list of gates, from 0. */
  readonly position: number;
  readonly verdict: GateVerdict;
  /** In words. */
  readonly found: string;
  readonly experiment: ExperimentId | undefined;
  /** Somebody went on nevertheless. */
  readonly isAccepted: boolean;
}

export const GATE_LIMITS = {
  gatesMax: 8,
  conditionsMax: 8,
  /** Of a change; what is rarer can't be told from nothing. */
  percentMax: 1000,
  /** Of the soak, so that a metric has samples. */
  soakMsMin: 10_000,
} as const;

/** For people: `host.cpu_busy_seconds>+20%`, `experiment like before: throughput<-5%`. */
export function formatGate(gate: RolloutGate): string {
  if (gate.kind === "experiment") {
    return `experiment like ${gate.baseline}: ${gate.conditions.join(", ")}`;
  }
  const { metric, percent } = gate;
  return percent > 0 ? `${metric}>+${percent}%` : `${metric}<${percent}%`;
}

/** Longest name of an experiment; its VMs are named after it. */
const EXPERIMENT_NAME_MAX = 61;
const SUFFIX = "-gate-";

/** The experiment that a gate of a rollout makes; always the same. */
export function gateExperimentId(rollout: RolloutId, position: number): ExperimentId {
  const suffix = `${SUFFIX}${position + 1}`;
  const stem = rollout.slice(0, EXPERIMENT_NAME_MAX - suffix.length).replace(/-+$/, "");
  return `${stem}${suffix}` as ExperimentId;
}
