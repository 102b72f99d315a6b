/** Above this lag agents sample half as often; below the lower one twice as often again. */
const LAG_HIGH_MS = 10_000;
const LAG_LOW_MS = 2_000;
const FACTOR_MAX = 16;

/** How far agents shall stretch their sampling, 1 to 16, after a period whose largest lag was `lagMs`. */
export function nextFactor(factor: number, lagMs: number): number {
  if (lagMs > LAG_HIGH_MS) return Math.min(FACTOR_MAX, factor * 2);
  if (lagMs < LAG_LOW_MS) return Math.max(1, factor / 2);
  return factor;
}
