const TERMS = 200;
const SERIES_BELOW = 3;

/**
 * Probability that a standard normal variable exceeds `z`; exact to about 14 digits.
 *
 * @see Abramowitz, Stegun: Handbook of Mathematical Functions, 26.2.11 (series) and 26.2.14 (continued fraction)
 */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < SERIES_BELOW) {
    let term = z;
    let sum = z;
    for (let k = 1; k < TERMS; k += 1) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let tail = z;
  for (let k = TERMS; k >= 1; k -= 1) tail = z + k / tail;
  return density / tail;
}
