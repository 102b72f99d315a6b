import { upperTail } from "./normal.ts";

/** Two samples compared by rank. */
export interface RankSum {
  /** Pairs in which the first sample's value is the greater, ties counted half: R's W. */
  readonly u: number;
  /** Two-sided: how often chance alone sets two samples of one population so far apart. */
  readonly p: number;
  /** `exact` counts all ways to divide the values, ties included; `normal` is for more values than that. */
  readonly method: "exact" | "normal";
}

/** As R does; above, the approximation is good to the digits shown. */
const EXACT_VALUES_MAX = 50;

interface Ranked {
  /** Twice the mean rank of each value of the first sample, then of the second: whole numbers. */
  readonly doubledRanks: readonly number[];
  /** Sizes of groups of equal values. */
  readonly ties: readonly number[];
}

function rank(values: readonly number[]): Ranked {
  const order = values.map((value, at) => ({ value, at })).sort((a, b) => a.value - b.value);
  const doubledRanks = new Array<number>(values.length).fill(0);
  const ties: number[] = [];
  for (let start = 0; start < order.length; ) {
    const { value } = order[start]!; // start is below the length
    const group = order.slice(start).filter((each) => each.value === value);
    // Ranks start+1 to start+size: twice their mean.
    for (const { at } of group) doubledRanks[at] = 2 * start + group.length + 1;
    ties.push(group.length);
    start += group.length;
  }
  return { doubledRanks, ties };
}

/** By sum of doubled ranks: the number of ways to choose `size` of them. */
function waysBySum(doubledRanks: readonly number[], size: number): Float64Array {
  const sumMax = doubledRanks.reduce((sum, each) => sum + each, 0);
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(sumMax + 1));
  ways[0]![0] = 1; // there are size + 1 rows
  for (const each of doubledRanks) {
    for (let taken = size; taken >= 1; taken -= 1) {
      const [to, from] = [ways[taken]!, ways[taken - 1]!]; // both within 0 to size
      for (let sum = sumMax; sum >= each; sum -= 1) to[sum]! += from[sum - each]!;
    }
  }
  return ways[size]!;
}

function exactP(doubledRanks: readonly number[], size: number): number {
  const observed = doubledRanks.slice(0, size).reduce((sum, each) => sum + each, 0);
  const ways = waysBySum(doubledRanks, size);
  let [below, above, all] = [0, 0, 0];
  ways.forEach((count, sum) => {
    all += count;
    if (sum <= observed) below += count;
    if (sum >= observed) above += count;
  });
  return Math.min(1, (2 * Math.min(below, above)) / all);
}

function normalP(u: number, sizes: readonly [number, number], ties: readonly number[]): number {
  const [m, n] = sizes;
  const all = m + n;
  const tied = ties.reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = ((m * n) / 12) * (all + 1 - tied / (all * (all - 1)));
  if (variance <= 0) return 1;
  const distance = Math.max(0, Math.abs(u - (m * n) / 2) - 0.5);
  return Math.min(1, 2 * upperTail(distance / Math.sqrt(variance)));
}

/**
 * Mann-Whitney's U test, two-sided: whether one sample tends to greater values. It asks nothing of the shape of the
 * distributions, which throughput has none of that could be relied on.
 *
 * @returns undefined where a sample is empty
 * @see R, stats::wilcox.test, whose figures it gives (without ties exactly, above 50 values with its continuity correction)
 */
export function rankSum(first: readonly number[], second: readonly number[]): RankSum | undefined {
  const [m, n] = [first.length, second.length];
  if (m === 0 || n === 0) return undefined;
  const { doubledRanks, ties } = rank([...first, ...second]);
  const doubledSum = doubledRanks.slice(0, m).reduce((sum, each) => sum + each, 0);
  const u = doubledSum / 2 - (m * (m + 1)) / 2;
  return m + n <= EXACT_VALUES_MAX
    ? { u, p: exactP(doubledRanks, m), method: "exact" }
    : { u, p: normalP(u, [m, n], ties), method: "normal" };
}

/** The least p that samples of these sizes can have: when even that is not significant, nothing can be found. */
export function leastP(m: number, n: number): number {
  let ways = 1;
  for (let k = 1; k <= Math.min(m, n); k += 1) ways *= (m + n + 1 - k) / k;
  return Math.min(1, 2 / ways);
}
