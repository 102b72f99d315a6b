const ascending = (values: readonly number[]): number[] =>
  [...values].sort((left, right) => left - right);

/** Middle value, or the mean of the two in the middle; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = ascending(values);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

/** Of round-trip times; the greatest is told beside them. */
export const PERCENTS = [50, 90, 99, 99.9] as const;
export type Percent = (typeof PERCENTS)[number];

/**
 * The least value that `percent` of the values do not exceed (nearest rank): always one that was measured. Taken from all
 * raw values at once; percentiles of parts are never averaged.
 *
 * @returns undefined where so few values are there that it would only be the greatest
 */
export function percentile(values: readonly number[], percent: Percent): number | undefined {
  // In thousandths, as 99.9 has no exact double.
  const perMille = Math.round(percent * 10);
  if (values.length * (1000 - perMille) < 1000) return undefined;
  return ascending(values)[Math.ceil((values.length * perMille) / 1000) - 1];
}
