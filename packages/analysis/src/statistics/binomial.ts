/** Natural logarithms of 0! to n!. */
export function logFactorials(n: number): readonly number[] {
  const logs = [0];
  for (let factor = 1; factor <= n; factor += 1) logs.push(logs[factor - 1]! + Math.log(factor)); // just pushed
  return logs;
}

/** Logarithm of the number of ways to take k of n; `logs` reach n. */
export const logChoose = (logs: readonly number[], n: number, k: number): number =>
  logs[n]! - logs[k]! - logs[n - k]!; // 0 <= k <= n, and logs reach n

/** Probability that at least `k` of `n` draws hit, each with probability `p`. */
export function binomialTail(
  logs: readonly number[],
  { n, k, p }: { readonly n: number; readonly k: number; readonly p: number },
): number {
  if (k <= 0 || p >= 1) return 1;
  if (p <= 0) return 0;
  let sum = 0;
  for (let hits = k; hits <= n; hits += 1) {
    sum += Math.exp(logChoose(logs, n, hits) + hits * Math.log(p) + (n - hits) * Math.log1p(-p));
  }
  return Math.min(1, sum);
}
