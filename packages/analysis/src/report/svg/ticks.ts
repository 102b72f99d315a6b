/** Ticks wanted; there may be one or two more. */
const TICKS = 5;

/**
 * Round numbers, evenly spaced, from at or below `low` to at or above `high`: at least two.
 *
 * @param low below or equal to `high`
 */
export function niceTicks(low: number, high: number): readonly number[] {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / TICKS));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => span / each <= TICKS);
  const width = step ?? 10 * power;
  const first = Math.floor(low / width + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / width - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * width);
}
