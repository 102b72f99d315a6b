import {
  HostKind,
  type QuerySeriesRequest,
  QuerySeriesResponse,
  SeriesSource,
} from "@switchyard/proto";

/** Two hosts that measure the same: the second twice as much as the first. */
export const telemetryAnswers = {
  querySeries: ({ groupBy, endTime }: QuerySeriesRequest) => {
    const lastMs = Math.floor((endTime?.getTime() ?? 0) / 60_000) * 60_000;
    return QuerySeriesResponse.fromPartial({
      source: SeriesSource.ROLLUP_1M,
      step: { seconds: 60n },
      series: [1, 2].map((times) => ({
        labels: Object.fromEntries(groupBy.map((key) => [key, `${key}-${times}`])),
        hostKinds: [HostKind.SIMULATED],
        points: [1, 2, 3].map((value) => ({
          time: new Date(lastMs - (4 - value) * 60_000),
          value: value * times * 1e9,
        })),
      })),
    });
  },
};
