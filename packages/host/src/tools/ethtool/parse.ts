/** Counters of `ethtool -S` by name; lines of any other form are left out. */
export function parseEthtoolStats(text: string): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  for (const match of text.matchAll(/^\s+([\w[\]:.-]+): +(\d+)$/gm)) {
    counters.set(match[1] ?? "", Number(match[2]));
  }
  return counters;
}

/** Lines of `ethtool -k` such as `hw-tc-offload: on [fixed]`. */
export const parseEthtoolFeatures = (text: string): ReadonlyMap<string, boolean> =>
  new Map(
    [...text.matchAll(/^\s*([a-z0-9-]+): (on|off)\b/gm)].map((match) => [
      match[1] ?? "",
      match[2] === "on",
    ]),
  );
