import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { compare } from "../compare/compare.ts";
import { formatResultFile, parseResultFile } from "../files/result-file.ts";
import { findReference } from "../reference/references.ts";
import { buildResult, HOSTS } from "../testing/results.ts";
import { formatCsv } from "./csv.ts";
import { comparisonDocument } from "./document.ts";
import { formatFigure } from "./format.ts";
import { formatMarkdown } from "./markdown.ts";
import { formatSvg } from "./svg/chart.ts";
import { niceTicks } from "./svg/ticks.ts";

const RESULT = buildResult({
  gigabits: { sriov: [79.9, 80.2, 79.6, 80.1, 79.8], vdpa: [70.2, 74.8, 61.3, 71.9, 72.4] },
});
const COMPARISON = compare([{ kind: "measured", result: RESULT }]);

describe("formatFigure", () => {
  it("shows four digits that matter", () => {
    const shown = [79.94123, 80, 100, 1234567, 0.19975, -3.21449, 0, 1e-12].map(formatFigure);
    assert.deepEqual(shown, ["79.94", "80", "100", "1234567", "0.1998", "-3.214", "0", "0"]);
  });
});

describe("niceTicks", () => {
  it("encloses the values in round steps", () => {
    assert.deepEqual(niceTicks(0, 80.2), [0, 20, 40, 60, 80, 100]);
    assert.deepEqual(niceTicks(-3, 12), [-5, 0, 5, 10, 15]);
    assert.deepEqual(niceTicks(0, 0), [0, 0.2]);
  });
});

describe("formatMarkdown", () => {
  const page = formatMarkdown(COMPARISON, { chart: "chart.svg" });

  it("tells ground, environment and warnings before any figure", () => {
    const places = ["**Simulated**", "## Environment", "kernel", "## Figures", "| sriov | first |"];
    const at = places.map((place) => page.indexOf(place));
    assert.ok(!at.includes(-1), `${at}`);
    assert.deepEqual(
      [...at].sort((a, b) => a - b),
      at,
    );
  });

  it("says the ground in every line of figures", () => {
    const lines = page.split("\n").filter((line) => /^\| (sriov|vdpa) \|/.test(line));
    assert.ok(lines.length > 10);
    assert.ok(lines.every((line) => line.includes("| simulated |")));
  });

  it("takes percentiles of all round trips, and has none of too few", () => {
    assert.match(
      page,
      /\| sriov \| first \| simulated \| 500 \| 900 \| 990 \| 999 \| 1000 \| 5000 \| 0 \|/,
    );
  });

  it("lets no fact of a host become markup", () => {
    const result = buildResult({ gigabits: {}, facts: { kernel: "a|b <script> `x`\n# y" } });
    const text = formatMarkdown(compare([{ kind: "measured", result }]));
    assert.match(text, /a\\\|b \\<script\\> \\`x\\` # y/);
  });
});

describe("formatCsv", () => {
  it("has a line for each round, with every host and source", () => {
    const [head = "", first = "", ...rest] = formatCsv([RESULT]).trimEnd().split("\r\n");
    assert.equal(rest.length, 9);
    assert.match(head, /^experiment,ground,mode,round,offload,start_time,.*,joules:rapl:r740-01,/);
    assert.match(first, /^first,simulated,sriov,1,,2026-11-27T04:01:00.000Z,iperf 3.9,1,10,/);
    assert.equal(first.split(",").length, head.split(",").length);
  });

  it("quotes what needs it, and disarms formulas", () => {
    const [round] = RESULT.rounds;
    assert.ok(round);
    const tool = '=cmd("x"),1';
    const rounds = [{ ...round, throughput: { ...round.throughput, tool } }];
    assert.match(formatCsv([{ ...RESULT, rounds }]), /,"'=cmd\(""x""\),1",/);
  });
});

describe("comparisonDocument", () => {
  it("is complete JSON: figures, the values behind them, ground, p", () => {
    const document = JSON.parse(JSON.stringify(comparisonDocument(COMPARISON)));
    const [throughput] = document.metrics;
    const [, vdpa] = throughput.figures;
    assert.equal(throughput.metric, "throughput");
    assert.deepEqual([vdpa.ground, vdpa.median, vdpa.count], ["simulated", 71.9, 5]);
    assert.deepEqual(vdpa.values, [70.2, 74.8, 61.3, 71.9, 72.4]);
    assert.equal(vdpa.change.verdict, "significant");
    assert.equal(document.latency[0].microseconds["p99.9"], 999);
  });
});

describe("formatSvg", () => {
  it("draws a bar for each median, and every round as a dot", () => {
    const svg = formatSvg(COMPARISON, { metrics: ["throughput"] });
    assert.equal(svg.match(/<circle /g)?.length, 10);
    assert.match(svg, /71\.9 \(-10\.0%\)/);
    assert.match(svg, /<desc>throughput at the receiver.*sriov of first \[simulated\] 79\.9/);
    assert.doesNotMatch(svg, /NaN|undefined|href|<script/);
  });

  it("draws published figures as a range, without dots", () => {
    const figures = findReference("reference/seed");
    assert.ok(figures);
    const svg = formatSvg(compare([{ kind: "published", figures }]));
    assert.doesNotMatch(svg, /<circle/);
    assert.match(svg, /url\(#published\)/);
    assert.match(svg, /\[reference\]/);
  });

  it("escapes names, and draws nothing where nothing was measured", () => {
    const result = buildResult({ experiment: '<b a="&">', gigabits: {} });
    const svg = formatSvg(compare([{ kind: "measured", result }]));
    assert.doesNotMatch(svg, /<b /);
    assert.match(svg, /no figures/);
  });
});

describe("result files", () => {
  it("come back as they were written", () => {
    const rounds = RESULT.rounds.map((round) => ({
      ...round,
      offload: HOSTS.map((host) => ({ host, isProven: false, found: "no flow in the card" })),
    }));
    for (const result of [RESULT, { ...RESULT, rounds }]) {
      assert.deepEqual(parseResultFile(formatResultFile(result)), result);
    }
  });

  it("are refused with the path of what does not fit", () => {
    const broken: readonly (readonly [string, RegExp])[] = [
      ["{", /JSON/],
      ["[]", /document as a whole/],
      ["{}", /^format /],
      [formatResultFile(RESULT).replace('"version": 1', '"version": 2'), /version 2/],
      [formatResultFile(RESULT).replace('"mode": "vdpa"', '"mode": "tap"'), /^rounds\[5\]\.mode /],
      [formatResultFile(RESULT).replace(/"joules": 2000/, '"joules": -1'), /power\[0\]\.joules /],
    ];
    for (const [text, found] of broken) {
      assert.throws(
        () => parseResultFile(text),
        (error) =>
          error instanceof InvalidInputError &&
          error.reason === "EXPERIMENT_FILE_MALFORMED" &&
          found.test(error.metadata["found"] ?? ""),
      );
    }
  });
});
