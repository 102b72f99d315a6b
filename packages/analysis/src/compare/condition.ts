import { InvalidInputError } from "@switchyard/model";
import { EXPERIMENT_METRICS } from "../metrics/metrics.ts";
import { formatDelta } from "../report/format.ts";
import type { Comparison, Entry } from "./compare.ts";

/** A change that is not accepted: `throughput<-5%`, `latency-p99>+10%`. */
export interface Condition {
  readonly text: string;
  /** Id of a metric. */
  readonly metric: string;
  readonly isBelow: boolean;
  /** As a share: -0.05. */
  readonly bound: number;
}

const GRAMMAR = /^([a-z][a-z0-9-]*)\s*([<>])\s*([+-]?\d+(?:\.\d+)?)\s*%$/;

/** @throws InvalidInputError CONDITION_MALFORMED */
export function parseCondition(text: string): Condition {
  const [, metric, sign, percent] = GRAMMAR.exec(text.trim()) ?? [];
  if (metric === undefined || !EXPERIMENT_METRICS.some(({ id }) => id === metric)) {
    throw new InvalidInputError("CONDITION_MALFORMED", `"${text}" is no condition`, {
      found: text,
      needs: `METRIC<-N% or METRIC>+N%, METRIC one of ${EXPERIMENT_METRICS.map(({ id }) => id).join(", ")}`,
    });
  }
  return { text, metric, isBelow: sign === "<", bound: Number(percent) / 100 };
}

/** What a condition came to at one figure. `undecided` is no pass: nothing could be said. */
export interface Judgement {
  readonly condition: Condition;
  readonly outcome: "failed" | "undecided" | "passed";
  readonly why: string;
}

const isBeyond = ({ isBelow, bound }: Condition, delta: number): boolean =>
  isBelow ? delta < bound : delta > bound;

function judgeEntry(condition: Condition, { mode, subject, change }: Entry): Judgement | undefined {
  if (change === undefined) return undefined;
  const { delta, verdict } = change;
  const where = `${condition.metric} of ${mode} in ${subject}`;
  const found = `${where}: ${formatDelta(delta)}`;
  if (verdict === "too-few" || verdict === "untested") {
    const why = `${found}, but there are too few rounds for any change to be significant`;
    return { condition, outcome: "undecided", why };
  }
  if (delta === undefined) return { condition, outcome: "undecided", why: `${where} was 0 before` };
  if (!isBeyond(condition, delta)) return { condition, outcome: "passed", why: found };
  return verdict === "significant" || verdict === "outside"
    ? { condition, outcome: "failed", why: found }
    : { condition, outcome: "passed", why: `${found}, which may be chance` };
}

/**
 * Holds a comparison against a condition, at every figure it is about. A change fails it only where it is significant, or
 * outside a published range; where nothing can be said, that is the outcome, and so it is where nothing was compared.
 */
export function judge(comparison: Comparison, condition: Condition): readonly Judgement[] {
  const group = comparison.groups.find(({ metric }) => metric.id === condition.metric);
  const judgements = (group?.entries ?? []).flatMap((entry) => judgeEntry(condition, entry) ?? []);
  if (judgements.length > 0) return judgements;
  const why = `${condition.metric}: there are no two figures to compare`;
  return [{ condition, outcome: "undecided", why }];
}
