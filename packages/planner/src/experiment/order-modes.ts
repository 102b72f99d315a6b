import type { ExperimentMode } from "@switchyard/model";

/**
 * The modes in an order by chance (Fisher and Yates), so that what changes with time, as warmth does, is not
 * always the same mode's.
 *
 * @param draw uniform in [0, 1); the same draws give the same order
 */
export function orderModes(
  modes: readonly ExperimentMode[],
  draw: () => number,
): readonly ExperimentMode[] {
  const ordered = [...modes];
  for (let last = ordered.length - 1; last > 0; last -= 1) {
    const other = Math.floor(draw() * (last + 1));
    const mode = ordered[last]!; // 0 <= other <= last < length
    ordered[last] = ordered[other]!;
    ordered[other] = mode;
  }
  return ordered;
}
