/** Counters of `ethtool -S` by name; lines of any other form are left out. */
export function parseEthtoolStats(text: string): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  for (const match of text.matchAll(/^\s+([\w[\]:.-]+): +(\d+)$/gm)) {
    counters.set(match[1] ?? "", Number(match[2]));
  }
  return counters;
}
