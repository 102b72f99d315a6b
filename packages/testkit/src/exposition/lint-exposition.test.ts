import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lintExposition } from "./lint-exposition.ts";

const family = (name: string, type: string, lines: readonly string[], help = "What it is.") =>
  [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");

describe("lintExposition", () => {
  it("finds nothing in what is as it should be", () => {
    const text = [
      family("switchyard_jobs_ended_total", "counter", [
        'switchyard_jobs_ended_total{kind="noop"} 3',
      ]),
      family("switchyard_host_info", "gauge", ['switchyard_host_info{model="R\\"740\\""} 1']),
      family("switchyard_call_duration_seconds", "histogram", [
        'switchyard_call_duration_seconds_bucket{le="0.1"} 1',
        'switchyard_call_duration_seconds_bucket{le="+Inf"} 1',
        "switchyard_call_duration_seconds_sum 0.05",
        "switchyard_call_duration_seconds_count 1",
      ]),
    ].join("");
    assert.deepEqual(lintExposition(text), []);
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["a counter that is no total", family("switchyard_jobs", "counter", []), /ends in _total/],
    ["a gauge that is one", family("switchyard_jobs_total", "gauge", []), /only a counter/],
    ["milliseconds", family("switchyard_wait_ms", "gauge", []), /base unit/],
    ["another prefix", family("jobs", "gauge", []), /switchyard_/],
    ["a help that says nothing", family("switchyard_jobs", "gauge", [], ""), /no help/],
    [
      "a label without end",
      family("switchyard_jobs", "gauge", ['switchyard_jobs{request_id="1"} 1']),
      /without end/,
    ],
    [
      "the same series twice",
      family("switchyard_jobs", "gauge", [
        'switchyard_jobs{a="1",b="2"} 1',
        'switchyard_jobs{b="2",a="1"} 2',
      ]),
      /twice/,
    ],
    ["what is no number", family("switchyard_jobs", "gauge", ["switchyard_jobs NaN"]), /number/],
  ];
  for (const [what, text, problem] of wrong) {
    it(`finds ${what}`, () => assert.match(lintExposition(text).join("\n"), problem));
  }

  it("refuses a line of another format", () => {
    assert.throws(() => lintExposition("switchyard_jobs = 3\n"), /not of the exposition format/);
  });
});
