export type { MetricEntry, MetricKind, MetricUnit } from "./metrics/entry.ts";
export {
  isMetricName,
  labelsOf,
  METRICS,
  type MetricName,
  PROMETHEUS_PREFIX,
  prometheusNameOf,
} from "./metrics.ts";
export { LABEL_NAMES, labelNamesOf, type ObjectKind } from "./objects.ts";
export type { Sample } from "./sample.ts";
