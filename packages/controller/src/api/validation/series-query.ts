import { isMetricName, METRICS, type MetricName } from "@switchyard/model";
import type { QuerySeriesRequest } from "@switchyard/proto";
import type { Aggregation, GroupKey, SeriesQuery } from "@switchyard/store";
import { AGGREGATION_OF } from "../convert/series.ts";
import { checkLabels } from "./fields.ts";
import { hostName } from "./names.ts";
import { createViolations, type Violations } from "./violations.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const RANGE_DEFAULT_MS = 60 * MINUTE_MS;
const STEP_MAX_MS = 24 * 60 * MINUTE_MS;
/** Points of one series where the request names no step. */
const POINTS_DEFAULT = 60;
/** Steps that a default is taken from: each fills those rollups have. */
const STEPS_MS = [1, 5, 15, 60, 360, 1_440].map((minutes) => minutes * MINUTE_MS);

const HOSTS_MAX = 1_000;
const OBJECT_LENGTH_MAX = 200;
const GROUP_KEYS_MAX = 4;
const GROUP_KEY = /^(host|object|label:.{1,63})$/;

const stepFor = (rangeMs: number): number =>
  STEPS_MS.find((stepMs) => rangeMs / stepMs <= POINTS_DEFAULT) ?? STEP_MAX_MS;

function readStep(
  { step }: QuerySeriesRequest,
  rangeMs: number,
  violations: Violations,
): number | undefined {
  if (step === undefined) return stepFor(rangeMs);
  const ms = Number(step.seconds) * 1000 + step.nanos / 1e6;
  const isWhole = Number.isInteger(ms / SECOND_MS);
  const isIn = isWhole && ms >= SECOND_MS && ms <= STEP_MAX_MS;
  return violations.check(isIn, "step", "must be whole seconds, 1 s to 24 h") ? ms : undefined;
}

function readAggregation(
  { aggregation, metric }: QuerySeriesRequest,
  violations: Violations,
): Aggregation | undefined {
  const found = AGGREGATION_OF.get(aggregation);
  violations.check(found !== undefined, "aggregation", "is unknown to this controller");
  const isGauge = isMetricName(metric) && METRICS[metric].kind === "gauge";
  violations.check(
    !(found === "rate" && isGauge),
    "aggregation",
    `is rate, but ${metric} is no counter; take avg, min, max, sum, last or a percentile`,
  );
  return found;
}

function readMetric({ metric }: QuerySeriesRequest, violations: Violations) {
  const isKnown = metric !== "" && isMetricName(metric);
  violations.check(isKnown, "metric", metric === "" ? "is required" : `"${metric}" is no metric`);
  return isKnown ? (metric as MetricName) : undefined;
}

function readGroupBy({ groupBy }: QuerySeriesRequest, violations: Violations) {
  violations.check(
    groupBy.length <= GROUP_KEYS_MAX && groupBy.every((key) => GROUP_KEY.test(key)),
    "group_by",
    `must be up to ${GROUP_KEYS_MAX} of host, object and label:KEY`,
  );
  return groupBy as readonly GroupKey[];
}

/** @throws InvalidInputError FIELD_INVALID */
export function readSeriesQuery(request: QuerySeriesRequest, nowMs: number): SeriesQuery {
  const violations = createViolations();
  const metric = readMetric(request, violations);
  const { hosts: names, labelSelector: selector, object } = request;
  violations.check(names.length <= HOSTS_MAX, "hosts", `are more than ${HOSTS_MAX}`);
  const hosts = names
    .slice(0, HOSTS_MAX)
    .flatMap((name, at) => violations.parse(`hosts[${at}]`, name, hostName.parse) ?? []);
  checkLabels(selector, violations, "label_selector");
  violations.check(
    object.length <= OBJECT_LENGTH_MAX,
    "object",
    `is longer than ${OBJECT_LENGTH_MAX} characters`,
  );
  const endAtMs = request.endTime?.getTime() ?? nowMs;
  const startAtMs = request.startTime?.getTime() ?? endAtMs - RANGE_DEFAULT_MS;
  violations.check(startAtMs < endAtMs, "start_time", "must be before end_time");
  const stepMs = readStep(request, endAtMs - startAtMs, violations);
  const aggregation = readAggregation(request, violations);
  const by = readGroupBy(request, violations);
  violations.assertNone();
  return {
    metric: metric!, // no violations: it was read, as the step and the aggregation were
    ...{ selector, startAtMs, endAtMs, by },
    hosts: names.length === 0 ? undefined : hosts,
    object: object === "" ? undefined : object,
    stepMs: stepMs!,
    aggregation: aggregation!,
  };
}
