const BARS = "▁▂▃▄▅▆▇█";
const ASCII_BARS = "_.-=+*#@";

/**
 * A line of bars from the least value to the largest, at most `width` of them: of more values each bar shows the
 * largest of its share. A gap (undefined) is a blank.
 */
export function sparkline(
  values: readonly (number | undefined)[],
  { width, isUnicode }: { readonly width: number; readonly isUnicode: boolean },
): string {
  const bars = isUnicode ? BARS : ASCII_BARS;
  const count = Math.min(width, values.length);
  const shown = Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((at + 1) * values.length) / count));
    const some = values.slice(from, to).filter((value) => value !== undefined);
    return some.length === 0 ? undefined : Math.max(...some);
  });
  const known = shown.filter((value) => value !== undefined);
  const least = Math.min(...known);
  const span = Math.max(...known) - least;
  return shown
    .map((value) => {
      if (value === undefined) return " ";
      const share = span === 0 ? 0 : (value - least) / span;
      return bars[Math.round(share * (bars.length - 1))];
    })
    .join("");
}
