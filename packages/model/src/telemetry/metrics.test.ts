import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MetricEntry, MetricUnit } from "./metrics/entry.ts";
import { isMetricName, labelsOf, METRICS, type MetricName, prometheusNameOf } from "./metrics.ts";
import { LABEL_NAMES, labelNamesOf } from "./objects.ts";

const ENTRIES = Object.entries<MetricEntry>(METRICS);

/** Ends that a metric's name may have by unit, once `_total` is off. */
const ENDS: Record<MetricUnit, RegExp | undefined> = {
  bytes: /_bytes$/,
  seconds: /_seconds$/,
  ratio: /_ratio$/,
  celsius: /_celsius$/,
  watts: /_watts$/,
  joules: /_joules$/,
  "bytes-per-second": /_bytes_per_second$/,
  "transfers-per-second": /_transfers_per_second$/,
  packets: undefined,
  state: undefined,
  count: undefined,
};
const UNIT_WORDS = /_(milliseconds|micros|mb|gb|kib|mib|celcius|percent)(_|$)/;

describe("METRICS", () => {
  it("gives every metric a Prometheus name of its own, in base units, counters as totals", () => {
    const names = ENTRIES.map(([, { prometheus }]) => prometheus);
    assert.equal(new Set(names).size, names.length);
    for (const [metric, { prometheus, kind, unit }] of ENTRIES) {
      assert.match(prometheus, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, metric);
      assert.equal(prometheus.endsWith("_total"), kind === "counter", metric);
      const end = ENDS[unit];
      if (end !== undefined) assert.match(prometheus.replace(/_total$/, ""), end, metric);
      assert.doesNotMatch(prometheus, UNIT_WORDS, metric);
      assert.doesNotMatch(prometheus, /_(count|sum|bucket|info)$/, metric);
    }
  });

  it("explains every metric in a sentence", () => {
    for (const [metric, { help }] of ENTRIES) assert.match(help, /^[A-Z0-9a-z].*\.$/, metric);
  });

  it("names labels in snake case and leaves the host's own label alone", () => {
    for (const name of LABEL_NAMES) assert.match(name, /^[a-z]+(_[a-z]+)*$/);
    assert.ok(!LABEL_NAMES.includes("host"));
  });

  it("knows its own names only", () => {
    assert.ok(isMetricName("nic.vf.rx_bytes"));
    assert.ok(!isMetricName("toString"));
  });
});

describe("labelsOf", () => {
  const cases: readonly (readonly [MetricName, string, Record<string, string>])[] = [
    ["host.cpu_count", "", {}],
    ["nic.uplink.rx_bytes", "0000:82:00.0", { pf: "0000:82:00.0" }],
    ["nic.vf.rx_bytes", "0000:82:00.0/vf12", { pf: "0000:82:00.0", vf: "12" }],
    ["nic.physical.discards", "0000:82:00.0/receive", { pf: "0000:82:00.0", direction: "receive" }],
    ["ovs.flows", "cxbr0/yes", { bridge: "cxbr0", offloaded: "yes" }],
    [
      "ovs.interface.bytes",
      "cxbr0/eth4/transmit",
      { bridge: "cxbr0", interface: "eth4", direction: "transmit" },
    ],
    ["host.disk_size", "/var/lib/switchyard", { mount: "/var/lib/switchyard" }],
    [
      "nic.temperature",
      "0000:82:00.0/Module0/inner",
      { pf: "0000:82:00.0", sensor: "Module0/inner" },
    ],
    ["host.huge_pages", "1/1073741824", { node: "1", page_bytes: "1073741824" }],
    ["host.power", "redfish", { source: "redfish" }],
  ];
  for (const [metric, object, labels] of cases) {
    it(`reads "${object}" of ${metric}`, () => assert.deepEqual(labelsOf(metric, object), labels));
  }

  it("keeps an object of another kind whole, so that series stay apart", () => {
    assert.deepEqual(labelsOf("nic.vf.rx_bytes", "eth4"), { object: "eth4" });
    assert.deepEqual(labelsOf("nic.vf.rx_bytes", "0000:82:00.0/pf"), {
      object: "0000:82:00.0/pf",
    });
    assert.deepEqual(labelsOf("ovs.flows", "cxbr0/"), { object: "cxbr0/" });
    assert.deepEqual(labelsOf("host.cpu_count", "0"), { object: "0" });
  });

  it("gives the labels that the metric's kind of object names", () => {
    assert.deepEqual(labelNamesOf(METRICS["ovs.flows"].object), ["bridge", "offloaded"]);
    assert.equal(prometheusNameOf("ovs.flows"), "switchyard_ovs_flows");
  });
});
