import type { ExperimentMode } from "@switchyard/model";
import type { Interval } from "../statistics/median-interval.ts";

/** A figure as somebody published it: a range in words, without the rounds behind it. */
export interface PublishedFigure {
  /** What is given as the result; both ends equal where it is one number. */
  readonly typical: Interval;
  /** All that is said to have been seen. */
  readonly seen: Interval;
  /** In the publisher's words. */
  readonly note: string;
}

/** Published data to compare with. Nobody measured it here, and there are no rounds, so that nothing can be tested. */
export interface PublishedFigures {
  /** `reference/seed` */
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** How it was measured, as far as is told. */
  readonly method: string;
  /** Metric of all figures, by id. */
  readonly metric: "throughput";
  readonly modes: Readonly<Partial<Record<ExperimentMode, PublishedFigure>>>;
}
