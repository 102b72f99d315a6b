import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "../log.ts";
import { createMetrics } from "./create-metrics.ts";
import type { MetricFamily } from "./metrics.ts";
import { addProcessMetrics } from "./process-metrics.ts";
import { SAMPLE_AGE_MAX_MS, sampleFamilies } from "./sample-families.ts";

const NOW_MS = 1_700_000_000_000;

const seriesValue = (text: string, series: string): number | undefined => {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

describe("createMetrics", () => {
  it("exposes what was counted and what is read at the scrape", async () => {
    const metrics = createMetrics({ log: silentLogger });
    const jobs = metrics.counter({
      name: "switchyard_jobs_ended_total",
      help: "Jobs that ended.",
      labels: ["kind"],
    });
    jobs.add({ kind: "noop" });
    jobs.add({ kind: "noop" }, 2);
    const calls = metrics.histogram({
      name: "switchyard_call_duration_seconds",
      help: "Duration of calls.",
      buckets: [0.1, 1],
    });
    calls.observe(0.5);
    const info: MetricFamily = {
      name: "switchyard_host_info",
      help: "1 for each host.",
      kind: "gauge",
      points: [{ labels: { host: 'a"b\\c\nd' }, value: 1 }],
    };
    metrics.source("info", () => [info]);
    const text = await metrics.expose();
    assert.equal(seriesValue(text, 'switchyard_jobs_ended_total{kind="noop"}'), 3);
    assert.equal(seriesValue(text, "switchyard_call_duration_seconds_count"), 1);
    assert.equal(seriesValue(text, 'switchyard_host_info{host="a\\"b\\\\c\\nd"}'), 1);
    assert.match(text, /^# HELP switchyard_host_info 1 for each host\.$/m);
    assert.match(text, /^# TYPE switchyard_host_info gauge$/m);
  });

  it("leaves out a source that fails, and counts it", async () => {
    const metrics = createMetrics({ log: silentLogger });
    metrics.source("fleet", () => Promise.reject(new Error("the database is away")));
    metrics.source("bus", () => [
      { name: "switchyard_bus_up", help: "1.", kind: "gauge", points: [{ labels: {}, value: 1 }] },
    ]);
    await metrics.expose();
    const text = await metrics.expose();
    assert.equal(seriesValue(text, "switchyard_bus_up"), 1);
    assert.ok(Number(seriesValue(text, 'switchyard_scrape_errors_total{source="fleet"}')) >= 1);
  });

  it("shows as one family what several sources have series of, by one name for all processes", async () => {
    const metrics = createMetrics({ log: silentLogger });
    const service = addProcessMetrics(metrics);
    const lag = { metric: "agent.event_loop_lag", object: "100" } as const;
    metrics.source("samples", () =>
      sampleFamilies([{ host: "r1", ...lag, atMs: NOW_MS, value: 0.25 }], NOW_MS),
    );
    const text = await metrics.expose();
    await service.stop();
    const name = "switchyard_event_loop_lag_seconds";
    assert.equal(text.split(`# TYPE ${name} gauge`).length, 2);
    assert.equal(seriesValue(text, `${name}{host="r1",percentile="100"}`), 0.25);
  });

  it("shows the process", async () => {
    const metrics = createMetrics({ log: silentLogger });
    const service = addProcessMetrics(metrics);
    const text = await metrics.expose();
    await service.stop();
    assert.ok((seriesValue(text, "switchyard_process_resident_memory_bytes") ?? 0) > 1_000_000);
    const lags = [50, 99, 100].map(
      (each) => seriesValue(text, `switchyard_event_loop_lag_seconds{percentile="${each}"}`) ?? -1,
    );
    assert.ok(lags.every((lag) => lag >= 0) && Math.max(...lags) === lags[2], lags.join(" "));
  });
});

describe("sampleFamilies", () => {
  it("gives each series of a host its labels, and leaves out what is old", () => {
    const base = { host: "r1", value: 7 } as const;
    const families = sampleFamilies(
      [
        { ...base, metric: "nic.vf.rx_bytes", object: "0000:82:00.0/vf3", atMs: NOW_MS },
        { ...base, metric: "host.cpu_count", object: "", atMs: NOW_MS - SAMPLE_AGE_MAX_MS - 1 },
      ],
      NOW_MS,
    );
    assert.deepEqual(
      families.map(({ name, points }) => [name, points]),
      [
        [
          "switchyard_nic_vport_receive_bytes_total",
          [{ labels: { host: "r1", pf: "0000:82:00.0", vf: "3" }, value: 7 }],
        ],
        [
          "switchyard_host_newest_sample_timestamp_seconds",
          [{ labels: { host: "r1" }, value: NOW_MS / 1000 }],
        ],
      ],
    );
  });
});
