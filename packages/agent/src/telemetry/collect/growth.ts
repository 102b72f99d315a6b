/** Things followed at most: flows of a datapath are capped at 200,000. */
const FOLLOWED_MAX = 250_000;

/**
 * Adds up how much counters of short-lived things grew, so that their sum never falls when one of them ends. What a
 * thing counts after it was seen last is lost; of one that comes after the first look all counts.
 */
export function createGrowth<Sum extends string>() {
  const sums = new Map<Sum, number>();
  let seen: Map<string, number> | undefined;

  return {
    /**
     * Takes one look at all there are. `key` names a thing for good; one that falls was made anew under its name.
     */
    take: (
      things: Iterable<{ readonly key: string; readonly sum: Sum; readonly value: number }>,
    ) => {
      const now = new Map<string, number>();
      for (const { key, sum, value } of things) {
        if (now.size >= FOLLOWED_MAX) break;
        const before = seen === undefined ? value : (seen.get(key) ?? 0);
        sums.set(sum, (sums.get(sum) ?? 0) + (value >= before ? value - before : value));
        now.set(key, value);
      }
      seen = now;
    },
    /** What was added up so far, by sum; a sum that had something once stays. */
    sums: (): ReadonlyMap<Sum, number> => sums,
  };
}
