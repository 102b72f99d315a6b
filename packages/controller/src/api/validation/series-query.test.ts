import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { QuerySeriesRequest, SeriesAggregation } from "@switchyard/proto";
import { readSeriesQuery } from "./series-query.ts";

const NOW_MS = Date.UTC(2026, 10, 27, 12);
const HOUR_MS = 3_600_000;
const at = (ms: number) => new Date(ms);

const EMPTY = QuerySeriesRequest.fromPartial({ metric: "host.power" });
const read = (change: Partial<QuerySeriesRequest>) =>
  readSeriesQuery({ ...EMPTY, ...change }, NOW_MS);

describe("readSeriesQuery", () => {
  it("asks for the last hour in minutes, of all hosts in one, where nothing is said", () => {
    assert.deepEqual(read({}), {
      ...{ metric: "host.power", selector: {}, hosts: undefined, object: undefined },
      ...{
        startAtMs: NOW_MS - HOUR_MS,
        endAtMs: NOW_MS,
        stepMs: 60_000,
        aggregation: "avg",
        by: [],
      },
    });
  });

  it("takes a step that gives a range no more than 60 points", () => {
    const stepOf = (hours: number) => read({ startTime: at(NOW_MS - hours * HOUR_MS) }).stepMs;
    assert.deepEqual([1, 5, 24, 24 * 30].map(stepOf), [60_000, 300_000, HOUR_MS, 24 * HOUR_MS]);
  });

  it("says all that is wrong at once", () => {
    const broken = {
      metric: "host.powre",
      hosts: ["r740-01"],
      aggregation: 42 as SeriesAggregation,
      step: { seconds: 0n, nanos: 500 },
      startTime: at(NOW_MS),
      groupBy: ["rack"],
    };
    assert.throws(
      () => read(broken),
      (error: { violations: readonly { field: string }[] }) => {
        assert.deepEqual(
          error.violations.map(({ field }) => field),
          ["metric", "hosts[0]", "start_time", "step", "aggregation", "group_by"],
        );
        return true;
      },
    );
  });

  it("refuses the rate of what is no counter", () => {
    assert.throws(() => read({ aggregation: SeriesAggregation.RATE }), /no counter/);
    const metric = "nic.vf.rx_bytes";
    assert.equal(read({ metric, aggregation: SeriesAggregation.RATE }).aggregation, "rate");
  });
});
