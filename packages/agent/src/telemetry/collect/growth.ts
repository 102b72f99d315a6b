/** Things followed at most: flows of a datapath are capped at 200,000. */
const FOLLOWED_MAX = 250_000;

/** One counter of a short-lived thing. */
export interface Counted<Sum extends string> {
  /** Names the thing for good among those that are looked at with it. */
  readonly key: string;
  /** What its growth is added to. */
  readonly sum: Sum;
  readonly value: number;
}

/** What one reading of the host told. */
export interface Look<Sum extends string> {
  /** Names the place that was read, such as a port. */
  readonly place: string;
  /** All there are; undefined where the place could not be read. */
  readonly things: Iterable<Counted<Sum>> | undefined;
}

/** Last values of the things of a place; undefined as long as it was never read. */
type Seen = ReadonlyMap<string, number> | undefined;

/**
 * Adds up how much counters of short-lived things grew, so that their sum never falls when one of them ends. What a
 * thing counts after it was seen last is lost; of one that comes after the first look at its place all counts.
 *
 * Things of a place that could not be read are kept as they were, so that what they grew meanwhile counts once at the
 * next look. They are forgotten with their place: when it is looked at without them, or not named any more.
 */
export function createGrowth<Sum extends string>() {
  const sums = new Map<Sum, number>();
  let places: ReadonlyMap<string, Seen> | undefined;

  /** What a new thing counts from; undefined for those that were there before anybody looked. */
  const baseOf = (place: string): 0 | undefined =>
    places === undefined || (places.has(place) && places.get(place) === undefined) ? undefined : 0;

  return {
    /** Takes one look at every place there is. A counter that falls was made anew under its name. */
    take: (looks: Iterable<Look<Sum>>) => {
      const now = new Map<string, Seen>();
      let followedCount = 0;
      for (const { place, things } of looks) {
        const seen = places?.get(place);
        if (things === undefined) {
          followedCount += seen?.size ?? 0;
          now.set(place, seen);
          continue;
        }
        const values = new Map<string, number>();
        const base = baseOf(place);
        for (const { key, sum, value } of things) {
          if (followedCount >= FOLLOWED_MAX) break;
          const before = seen?.get(key) ?? base ?? value;
          sums.set(sum, (sums.get(sum) ?? 0) + (value >= before ? value - before : value));
          values.set(key, value);
          followedCount += 1;
        }
        now.set(place, values);
      }
      places = now;
    },
    /** What was added up so far, by sum; a sum that had something once stays. */
    sums: (): ReadonlyMap<Sum, number> => sums,
  };
}
