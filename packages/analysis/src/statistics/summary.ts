import { type Interval, medianInterval } from "./median-interval.ts";
import { median } from "./quantile.ts";

/** What one metric of one mode came to, over its rounds. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** Of the median, 95 %. */
  readonly interval: Interval;
  readonly min: number;
  readonly max: number;
}

/** @returns undefined where there are no values, or more than an experiment has rounds */
export function summarize(values: readonly number[]): Summary | undefined {
  const middle = median(values);
  const interval = medianInterval(values);
  if (middle === undefined || interval === undefined) return undefined;
  return {
    count: values.length,
    median: middle,
    interval,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}
