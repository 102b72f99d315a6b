import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { findReference } from "../reference/references.ts";
import { formatChange } from "../report/format.ts";
import { buildResult, HOSTS, type ResultOptions } from "../testing/results.ts";
import { compare } from "./compare.ts";
import type { Subject } from "./subject.ts";

const measured = (options: ResultOptions): Subject => ({
  kind: "measured",
  result: buildResult(options),
});

const SEED = findReference("reference/seed");
const seed = (): Subject => {
  assert.ok(SEED);
  return { kind: "published", figures: SEED };
};

const SRIOV = [79.9, 80.2, 79.6, 80.1, 79.8];
const VDPA = [70.2, 74.8, 61.3, 71.9, 72.4];
const SOFTWARE = [28.1, 27.6, 28.4, 27.9, 28.2];

const throughputOf = (...subjects: readonly Subject[]) => {
  const group = compare(subjects).groups.find(({ metric }) => metric.id === "throughput");
  return (group?.entries ?? []).map(({ mode, subject, change }) => [
    mode,
    subject,
    formatChange(change),
  ]);
};

describe("compare within an experiment", () => {
  it("holds every mode against the first, corrected for their number", () => {
    const result = measured({ gigabits: { "vdpa-sw": SOFTWARE, vdpa: VDPA, sriov: SRIOV } });
    assert.deepEqual(throughputOf(result), [
      ["sriov", "first", "baseline"],
      ["vdpa", "first", "-10.0%"],
      ["vdpa-sw", "first", "-64.8%"],
    ]);
    const [group] = compare([result]).groups;
    const ps = group?.entries.map(({ change }) => change?.p?.toFixed(4));
    assert.deepEqual(ps, [undefined, "0.0159", "0.0159"]); // 2 × 2/252
  });

  it("says nothing of what may be chance, and that few rounds can't tell", () => {
    const gigabits = { sriov: SRIOV, vdpa: [80, 79.7, 80.3, 79.5, 80.15] };
    assert.equal(throughputOf(measured({ gigabits }))[1]?.[2], "~");
    const few = measured({ gigabits: { sriov: [80, 81, 82], vdpa: [70, 71, 72] } });
    assert.equal(throughputOf(few)[1]?.[2], "? -12.3%");
    assert.match(compare([few]).warnings.join(), /fewer than 5 rounds: sriov of first has 3, vdpa/);
  });

  it("warns of rounds of software that were to be of the card", () => {
    const result = buildResult({ gigabits: { vdpa: VDPA } });
    const rounds = result.rounds.map((round) => ({
      ...round,
      offload: HOSTS.map((host, at) => ({ host, isProven: at === 0, found: "dp:ovs" })),
    }));
    const { warnings } = compare([{ kind: "measured", result: { ...result, rounds } }]);
    assert.deepEqual(warnings, [
      "offload was not proven: vdpa on r740-02 in 5 rounds of first, dp:ovs",
    ]);
  });

  it("keeps power apart by source, and has none where a host was not read", () => {
    const whole = buildResult({ gigabits: { sriov: SRIOV } });
    const figure = (result: typeof whole, id: string) => {
      const { groups } = compare([{ kind: "measured", result }]);
      const group = groups.find(({ metric }) => metric.id === id);
      const found = group?.entries[0]?.figure;
      return found?.kind === "measured" ? found.summary.median : undefined;
    };
    assert.equal(figure(whole, "power-rapl"), 400);
    assert.equal(figure(whole, "throughput-per-watt-rapl"), 79.9 / 400);
    assert.equal(figure(whole, "energy-rapl")?.toFixed(6), (200 / (79.9 / 8)).toFixed(6));
    assert.equal(figure(whole, "power-ipmi"), undefined);
    assert.equal(figure(whole, "throughput-per-thread"), 79.9 / 4);
    const [first] = whole.rounds[0]?.power ?? [];
    const rounds = whole.rounds.map((round) => ({ ...round, power: first ? [first] : [] }));
    assert.equal(figure({ ...whole, rounds }, "power-rapl"), undefined);
    const { warnings } = compare([{ kind: "measured", result: { ...whole, rounds } }]);
    assert.match(warnings.join(), /not every host was read by rapl/);
  });
});

describe("compare between experiments", () => {
  it("compares mode by mode, and tells the differences of the environment first", () => {
    const before = measured({ gigabits: { sriov: SRIOV, vdpa: VDPA } });
    const after = measured({
      ...{ experiment: "second", ground: "lab", facts: { kernel: "6.12.0", ovs: "3.3.0" } },
      gigabits: { vdpa: VDPA.map((each) => each / 2) },
    });
    const comparison = compare([before, after]);
    assert.deepEqual(throughputOf(before, after), [
      ["sriov", "first", "baseline"],
      ["vdpa", "first", "baseline"],
      ["vdpa", "second", "-50.0%"],
    ]);
    const { differences, equal } = comparison.environment;
    assert.deepEqual(
      differences.map(({ fact, values }) => [fact, values[0]?.value, values[2]?.value]),
      [
        ["kernel", "5.14.0-427", "6.12.0"],
        ["ovs", "unknown", "3.3.0"],
      ],
    );
    assert.equal(equal["throughput tool"], "iperf 3.9");
    assert.match(comparison.warnings[0] ?? "", /grounds differ.*first is simulated, second is lab/);
    assert.match(comparison.warnings.join(), /second has no figures of sriov/);
  });

  it("holds what was measured against published ranges, without a test", () => {
    const result = measured({
      gigabits: { sriov: SRIOV, vdpa: VDPA, "vdpa-sw": [20, 21, 22, 23, 24] },
    });
    assert.deepEqual(throughputOf(seed(), result), [
      ["sriov", "reference/seed", "baseline"],
      ["sriov", "first", "within range"],
      ["vdpa", "reference/seed", "baseline"],
      ["vdpa", "first", "within range"],
      ["vdpa-sw", "reference/seed", "baseline"],
      ["vdpa-sw", "first", "-21.4% outside"],
    ]);
    assert.equal(throughputOf(result, seed())[5]?.[2], "+27.3% outside");
    const changes = compare([seed(), result]).groups.flatMap(({ entries }) => entries);
    assert.ok(changes.every(({ change }) => change?.p === undefined));
    assert.match(compare([seed(), result]).warnings.join(), /ranges without rounds/);
  });

  it("refuses none, four, and one twice", () => {
    const one = measured({ gigabits: { sriov: SRIOV } });
    for (const subjects of [[], [one, one]]) {
      assert.throws(
        () => compare(subjects),
        (error) =>
          error instanceof InvalidInputError && error.reason === "EXPERIMENTS_NOT_COMPARABLE",
      );
    }
  });
});
