import { binomialTail, logChoose, logFactorials } from "./binomial.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const CONFIDENCE = 0.95;

/** More rounds than any experiment has; the work grows with their square. */
const VALUES_MAX = 1000;
/** Sums of probabilities are off by less. */
const ROUNDING = 1e-9;

interface Outcome {
  readonly value: number;
  readonly probability: number;
}

/** The resample's median is its middle value: the k-th least at most where more than half of the draws are. */
function oddOutcomes(sorted: readonly number[]): readonly Outcome[] {
  const n = sorted.length;
  const logs = logFactorials(n);
  const atMost = (k: number) => binomialTail(logs, { n, k: (n + 1) / 2, p: k / n });
  return sorted.map((value, at) => ({ value, probability: atMost(at + 1) - atMost(at) }));
}

/** The resample's median is the mean of the two values in the middle, so that pairs have to be looked at. */
function evenOutcomes(sorted: readonly number[]): readonly Outcome[] {
  const n = sorted.length;
  const half = n / 2;
  const logs = logFactorials(n);
  const ways = logChoose(logs, n, half);
  /** Of the two in the middle the lower is the i-th least at most, the upper the j-th at least; i < j. */
  const apart = (i: number, j: number) =>
    i < 1 || j > n ? 0 : Math.exp(ways + half * Math.log((i / n) * ((n - j + 1) / n)));
  const lowerAtMost = (i: number) => binomialTail(logs, { n, k: half, p: i / n });
  return sorted.flatMap((lower, at) => {
    const i = at + 1;
    let rest = lowerAtMost(i) - lowerAtMost(i - 1);
    const pairs = sorted.slice(i).map((upper, after) => {
      const j = i + 1 + after;
      const probability = apart(i, j) - apart(i - 1, j) - apart(i, j + 1) + apart(i - 1, j + 1);
      rest -= probability;
      return { value: (lower + upper) / 2, probability };
    });
    return [{ value: lower, probability: rest }, ...pairs];
  });
}

/**
 * Interval of the median by the percentile bootstrap (95 %). The distribution of the median over all resamples is
 * computed, not drawn: no seed, and the same values always give the same interval.
 *
 * @param values 1 to 1000; of fewer than six the interval is the whole range, or nearly
 * @see Efron, Tibshirani: An Introduction to the Bootstrap, 1993, chapters 5 and 13
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const n = values.length;
  if (n === 0 || n > VALUES_MAX) return undefined;
  const sorted = [...values].sort((left, right) => left - right);
  const outcomes = [...(n % 2 === 1 ? oddOutcomes(sorted) : evenOutcomes(sorted))];
  outcomes.sort((left, right) => left.value - right.value);
  const quantile = (share: number): number => {
    let sum = 0;
    for (const { value, probability } of outcomes) {
      sum += probability;
      if (sum >= share - ROUNDING) return value;
    }
    return sorted[n - 1]!; // n > 0
  };
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantile(tail), high: quantile(1 - tail) };
}
