export { type Change, type Figure, SIGNIFICANCE, type Verdict } from "./compare/change.ts";
export { type Comparison, compare, type Entry, type MetricGroup } from "./compare/compare.ts";
export { type Condition, type Judgement, judge, parseCondition } from "./compare/condition.ts";
export type { Difference, EnvironmentComparison } from "./compare/environment.ts";
export { type ComparedGroups, type GroupJudgement, judgeGroups } from "./compare/judge-groups.ts";
export { type Ground, groundOf, nameOf, type Subject } from "./compare/subject.ts";
export { formatResultFile, parseResultFile } from "./files/result-file.ts";
export { EXPERIMENT_METRICS, type ExperimentMetric, valuesOf } from "./metrics/metrics.ts";
export type { PublishedFigure, PublishedFigures } from "./reference/published-figures.ts";
export { findReference, REFERENCE_NAMES } from "./reference/references.ts";
export { formatCsv } from "./report/csv.ts";
export { comparisonDocument } from "./report/document.ts";
export { formatFigure } from "./report/format.ts";
export { formatMarkdown } from "./report/markdown.ts";
export { formatSvg } from "./report/svg/chart.ts";
export {
  differenceTable,
  equalTable,
  groupTable,
  headingOf,
  LATENCY_HEADING,
  LEGEND,
  latencyTable,
  type TextTable,
  titleOf,
} from "./report/tables.ts";
export { holm } from "./statistics/holm.ts";
export { type Interval, medianInterval } from "./statistics/median-interval.ts";
export { median, PERCENTS, type Percent, percentile } from "./statistics/quantile.ts";
export { leastP, type RankSum, rankSum } from "./statistics/rank-sum.ts";
export { type Summary, summarize } from "./statistics/summary.ts";
