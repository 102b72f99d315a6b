/** Numbers seen, as ranges: first and last, ascending, with a gap between any two. */
export type Seen = readonly (readonly [first: number, last: number])[];

/** Gaps remembered; where there are more, the oldest counts as seen. Batches of one host under way are far fewer. */
const RANGES_MAX = 64;

export const hasSeen = (seen: Seen, number: number): boolean =>
  seen.some(([first, last]) => first <= number && number <= last);

export function addSeen(seen: Seen, number: number): Seen {
  if (hasSeen(seen, number)) return seen;
  const before = seen.filter(([, last]) => last < number - 1);
  const after = seen.filter(([first]) => first > number + 1);
  const touching = seen.filter(([first, last]) => last === number - 1 || first === number + 1);
  const first = touching[0]?.[0] ?? number;
  const last = touching.at(-1)?.[1] ?? number;
  const joined = [...before, [Math.min(first, number), Math.max(last, number)] as const, ...after];
  const [oldest, next, ...rest] = joined;
  if (joined.length <= RANGES_MAX || oldest === undefined || next === undefined) return joined;
  return [[oldest[0], next[1]], ...rest];
}

/** From `{[1,5),[7,9)}`, as Postgres prints an int8multirange: ends are not included. */
export const parseSeen = (text: string): Seen =>
  [...text.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, to]) => [Number(from), Number(to) - 1]);

export const formatSeen = (seen: Seen): string =>
  `{${seen.map(([first, last]) => `[${first},${last + 1})`).join(",")}}`;
