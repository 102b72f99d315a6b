/**
 * Holm's correction: p-values of several comparisons, raised so that the chance of even one false finding among them
 * stays at the level that each is then held against.
 *
 * @returns in the order given
 * @see Holm: A Simple Sequentially Rejective Multiple Test Procedure, 1979
 */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((p, at) => ({ p, at })).sort((left, right) => left.p - right.p);
  const adjusted = new Array<number>(ps.length).fill(1);
  let least = 0;
  order.forEach(({ p, at }, rank) => {
    least = Math.max(least, Math.min(1, p * (ps.length - rank)));
    adjusted[at] = least;
  });
  return adjusted;
}
