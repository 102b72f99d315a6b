import type { PublishedFigure } from "../reference/published-figures.ts";
import type { Interval } from "../statistics/median-interval.ts";
import { leastP, rankSum } from "../statistics/rank-sum.ts";
import type { Summary } from "../statistics/summary.ts";

/** A figure with what it was made from. */
export type Figure =
  | { readonly kind: "measured"; readonly summary: Summary; readonly values: readonly number[] }
  | { readonly kind: "published"; readonly figure: PublishedFigure };

/**
 * How sure a change is. Between measured figures: `significant` at 5 % after Holm's correction, `not-significant`, or
 * `too-few` rounds for anything to be found. Against a published range there is no test: the interval of the median lies
 * `outside` the range or `within` it at least in part. Two published figures are `untested`.
 */
export type Verdict =
  | "significant"
  | "not-significant"
  | "too-few"
  | "outside"
  | "within"
  | "untested";

export interface Change {
  /**
   * Of the median against the baseline's, as a share of that: -0.05 is 5 % less. Against a range: from its nearer end, 0 inside
   * it. Undefined from a baseline of 0.
   */
  readonly delta: number | undefined;
  readonly verdict: Verdict;
  /** After Holm's correction; undefined where nothing was tested. */
  readonly p: number | undefined;
}

export const SIGNIFICANCE = 0.05;

const deltaOf = (from: number, to: number): number | undefined => {
  if (from === to) return 0;
  return from === 0 ? undefined : (to - from) / Math.abs(from);
};

const nearestOf = (range: Interval, value: number): number =>
  Math.min(range.high, Math.max(range.low, value));

const overlaps = (left: Interval, right: Interval): boolean =>
  left.low <= right.high && right.low <= left.high;

/** p before any correction, of what can be tested. */
export const testedP = (base: Figure, other: Figure): number | undefined =>
  base.kind === "measured" && other.kind === "measured"
    ? rankSum(base.values, other.values)?.p
    : undefined;

const midpoint = ({ low, high }: Interval): number => (low + high) / 2;

const againstRange = (summary: Summary, typical: Interval, delta: number | undefined): Change => ({
  delta,
  verdict: overlaps(summary.interval, typical) ? "within" : "outside",
  p: undefined,
});

/** What became of `base` in `other`. @param family p after correction, and the number of comparisons corrected for */
export function changeBetween(
  base: Figure,
  other: Figure,
  family: { readonly p: number | undefined; readonly size: number },
): Change {
  if (base.kind === "published") {
    const { typical } = base.figure;
    if (other.kind === "published") {
      const delta = deltaOf(midpoint(typical), midpoint(other.figure.typical));
      return { delta, verdict: "untested", p: undefined };
    }
    const { median } = other.summary;
    return againstRange(other.summary, typical, deltaOf(nearestOf(typical, median), median));
  }
  const { median } = base.summary;
  if (other.kind === "published") {
    const { typical } = other.figure;
    return againstRange(base.summary, typical, deltaOf(median, nearestOf(typical, median)));
  }
  const { p, size } = family;
  const delta = deltaOf(median, other.summary.median);
  const isHopeless = leastP(base.values.length, other.values.length) * size > SIGNIFICANCE;
  if (isHopeless) return { delta, verdict: "too-few", p };
  return { delta, verdict: (p ?? 1) <= SIGNIFICANCE ? "significant" : "not-significant", p };
}
