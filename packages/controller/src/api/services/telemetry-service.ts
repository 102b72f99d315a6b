import { isMetricName, type MetricName } from "@switchyard/model";
import type { ListSamplesRequest, TelemetryServiceService } from "@switchyard/proto";
import type { SampleRange } from "@switchyard/store";
import { toProtoDuration } from "../convert/duration.ts";
import { toProtoSample } from "../convert/sample.ts";
import { SERIES_SOURCE, toProtoSeries } from "../convert/series.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { createSampleTokens } from "../telemetry/sample-tokens.ts";
import { watchSamples } from "../telemetry/watch-samples.ts";
import { hostName } from "../validation/names.ts";
import { readSeriesQuery } from "../validation/series-query.ts";
import { createViolations, type Violations } from "../validation/violations.ts";

/** Range that is listed when the request names no start. */
const RANGE_DEFAULT_MS = 60 * 60_000;

function readFilter(
  request: { readonly host: string; readonly metric: string },
  violations: Violations,
): SampleRange {
  const { host, metric } = request;
  const isKnown = metric === "" || isMetricName(metric);
  violations.check(isKnown, "metric", `"${metric}" is no metric`);
  return {
    host: host === "" ? undefined : violations.parse("host", host, hostName.parse),
    metric: metric === "" ? undefined : (metric as MetricName),
  };
}

function readRange(request: ListSamplesRequest, nowMs: number) {
  const violations = createViolations();
  const filter = readFilter(request, violations);
  const endAtMs = request.endTime?.getTime() ?? nowMs;
  const startAtMs = request.startTime?.getTime() ?? endAtMs - RANGE_DEFAULT_MS;
  violations.check(startAtMs <= endAtMs, "end_time", "is before start_time");
  violations.assertNone();
  return { ...filter, startAtMs, endAtMs };
}

/** @throws InvalidInputError FIELD_INVALID */
function readSeries(request: { readonly host: string; readonly metric: string }): SampleRange {
  const violations = createViolations();
  const filter = readFilter(request, violations);
  violations.assertNone();
  return filter;
}

export const createTelemetryService = (
  parts: ApiParts,
): MethodsOf<typeof TelemetryServiceService> => ({
  listSamples: {
    role: "viewer",
    call: async (request) => {
      const range = readRange(request, parts.clock.nowMs());
      // The end that "now" stands for moves from page to page, so the token is bound to what was asked.
      const filter = {
        list: "samples",
        host: request.host,
        metric: request.metric,
        start: request.startTime?.getTime(),
        end: request.endTime?.getTime(),
      };
      const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
        parts.store.telemetry.list({ ...page, ...range }),
      );
      return { samples: items.map(toProtoSample), nextPageToken };
    },
  },
  listLatestSamples: {
    role: "viewer",
    call: async (request) => {
      const samples = await parts.store.telemetry.latest(readSeries(request));
      return { samples: samples.map(toProtoSample) };
    },
  },
  querySeries: {
    role: "viewer",
    call: async (request) => {
      const query = readSeriesQuery(request, parts.clock.nowMs());
      const { source, groups } = await parts.store.telemetry.query(query);
      return {
        series: groups.map(toProtoSeries),
        source: SERIES_SOURCE[source],
        step: toProtoDuration(query.stepMs),
      };
    },
  },
  watchSamples: {
    role: "viewer",
    stream: async function* (request, context) {
      const range = readSeries(request);
      const tokens = createSampleTokens(parts, range);
      const sinceMs = tokens.open(request.resumeToken);
      const batches = watchSamples(parts, { range, sinceMs, signal: context.signal });
      for await (const { samples, droppedCount, seenToMs } of batches) {
        yield {
          samples: samples.map(toProtoSample),
          droppedCount: BigInt(droppedCount),
          resumeToken: tokens.seal(seenToMs),
        };
      }
    },
  },
});
