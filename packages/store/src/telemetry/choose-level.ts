import { LEVELS, type Level, RAW, type Retention } from "./levels.ts";
import type { Aggregation } from "./series-query.ts";

/** Windows that a step holds at least where their means stand for samples. */
const PERCENTILE_WINDOWS_MIN = 10;

const isPercentile = (aggregation: Aggregation): boolean => /^p\d\d$/.test(aggregation);

/**
 * The coarsest level whose windows fill the step exactly; for percentiles, several times. Where that one is not kept
 * as far back as the range begins and a coarser one fits the step, it is that one.
 */
export function chooseLevel(
  query: { readonly stepMs: number; readonly startAtMs: number; readonly aggregation: Aggregation },
  { retention, nowMs }: { readonly retention: Retention; readonly nowMs: number },
): Level {
  const { stepMs, startAtMs, aggregation } = query;
  const fitting = LEVELS.filter(
    ({ windowMs }) => windowMs === undefined || stepMs % windowMs === 0,
  );
  const windows = isPercentile(aggregation) ? PERCENTILE_WINDOWS_MIN : 1;
  const preferred = fitting.filter(
    ({ windowMs }) => windowMs === undefined || stepMs >= windows * windowMs,
  );
  const level = preferred.at(-1) ?? RAW;
  const isKept = ({ name }: Level) => startAtMs >= nowMs - retention[name];
  if (isKept(level)) return level;
  return fitting.slice(fitting.indexOf(level)).find(isKept) ?? fitting.at(-1) ?? level;
}
