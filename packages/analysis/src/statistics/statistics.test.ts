import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import { holm } from "./holm.ts";
import { medianInterval } from "./median-interval.ts";
import { upperTail } from "./normal.ts";
import { median, percentile } from "./quantile.ts";
import { leastP, rankSum } from "./rank-sum.ts";

const near = (actual: number | undefined, expected: number, tolerance: number) =>
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) <= tolerance,
    `${actual} is not ${expected} ± ${tolerance}`,
  );

describe("median and percentile", () => {
  it("takes the middle, or the mean of the two in the middle", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([]), undefined);
  });

  it("gives a value that was measured, by nearest rank", () => {
    const values = Array.from({ length: 1000 }, (_, at) => 1000 - at);
    assert.equal(percentile(values, 50), 500);
    assert.equal(percentile(values, 99), 990);
    assert.equal(percentile(values, 99.9), 999);
    assert.equal(percentile([15, 20, 35, 40, 50], 50), 35);
  });

  it("has no percentile of too few values", () => {
    assert.equal(percentile(new Array<number>(999).fill(1), 99.9), undefined);
    assert.equal(percentile(new Array<number>(100).fill(1), 99), 1);
    assert.equal(percentile([1], 50), undefined);
  });
});

/** The share of resamples whose median lies below a bound, drawn. */
function drawnMedians(values: readonly number[], draws: number): readonly number[] {
  const random = seededRandom(testSeed());
  const one = () => {
    const resample = values.map(() => values[Math.floor(random.float() * values.length)] ?? 0);
    return median(resample) ?? 0;
  };
  return Array.from({ length: draws }, one).sort((left, right) => left - right);
}

describe("medianInterval", () => {
  it("is what drawing resamples comes to, for an odd and an even number of values", () => {
    const draws = 20_000;
    const rounds = [70.2, 74.8, 51.3, 71.9, 72.4, 69.1, 74.1, 70.7, 64.9, 73.3, 71.2];
    for (const values of [rounds, rounds.slice(0, 10)]) {
      const { low = 0, high = 0 } = medianInterval(values) ?? {};
      const medians = drawnMedians(values, draws);
      const share = (holds: (value: number) => boolean) => medians.filter(holds).length / draws;
      assert.ok(share((value) => value < low) <= 0.03 && share((value) => value <= low) >= 0.02);
      assert.ok(share((value) => value > high) <= 0.03 && share((value) => value >= high) >= 0.02);
    }
  });

  it("is the whole range of five values, as each end is the median of 5.8 % of resamples", () => {
    assert.deepEqual(medianInterval([5, 3, 1, 4, 2]), { low: 1, high: 5 });
  });

  it("is a point where all values are one", () => {
    assert.deepEqual(medianInterval([7]), { low: 7, high: 7 });
    assert.deepEqual(medianInterval([7, 7, 7, 7]), { low: 7, high: 7 });
    assert.equal(medianInterval([]), undefined);
  });

  it("stays within the values, whatever their number", () => {
    for (let n = 1; n <= 300; n += 37) {
      const values = Array.from({ length: n }, (_, at) => at);
      const { low = -1, high = -1 } = medianInterval(values) ?? {};
      assert.ok(low >= 0 && low <= (n - 1) / 2 && high >= (n - 1) / 2 && high <= n - 1);
      near(low + high, n - 1, 1.01);
    }
  });
});

describe("upperTail", () => {
  it("agrees with the tables of the normal distribution", () => {
    near(upperTail(0), 0.5, 1e-15);
    near(upperTail(1.959963984540054), 0.025, 1e-14);
    near(upperTail(-1), 0.841344746068543, 1e-14);
    near(upperTail(3), 0.001349898031630095, 1e-16);
    near(upperTail(2.9999999), 0.001349898031630095, 1e-9);
    near(upperTail(6), 9.865876450376946e-10, 1e-22);
  });
});

/** Every way to divide the values, counted: what exact means. */
function enumeratedP(first: readonly number[], second: readonly number[]): number {
  const values = [...first, ...second];
  const uOf = (own: readonly number[], other: readonly number[]) =>
    own
      .flatMap((a) => other.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)))
      .reduce((sum: number, each) => sum + each, 0);
  const observed = uOf(first, second);
  let [below, above, all] = [0, 0, 0];
  for (let mask = 0; mask < 1 << values.length; mask += 1) {
    const own = values.filter((_, at) => (mask >> at) & 1);
    if (own.length !== first.length) continue;
    const u = uOf(
      own,
      values.filter((_, at) => !((mask >> at) & 1)),
    );
    all += 1;
    if (u <= observed) below += 1;
    if (u >= observed) above += 1;
  }
  return Math.min(1, (2 * Math.min(below, above)) / all);
}

describe("rankSum", () => {
  it("gives the figures of R's example of permeability (Hollander and Wolfe, page 69)", () => {
    const at = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const later = [1.15, 0.88, 0.9, 0.74, 1.21];
    const found = rankSum(at, later);
    assert.equal(found?.u, 35);
    assert.equal(found?.method, "exact");
    near(found?.p, 2 * 0.1272, 0.0001); // R prints the one-sided 0.1272
  });

  it("gives the figures of R's example of ozone, which has ties and 52 values", () => {
    const may = [
      41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45,
      115, 37,
    ];
    const august = [
      39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76,
      118, 84, 85,
    ];
    const found = rankSum(may, august);
    assert.equal(found?.u, 127.5);
    assert.equal(found?.method, "normal");
    near(found?.p, 0.0001208, 0.00000005);
  });

  it("has the critical values of the tables for two samples of five", () => {
    const base = [1, 2, 3, 4, 5];
    near(rankSum(base, [6, 7, 8, 9, 10])?.p, 2 / 252, 1e-12);
    // Of 252 ways 4 have U of 2 at most, and 7 have 3: at 5 % the tables say 2.
    near(rankSum(base, [3.5, 7, 8, 9, 10])?.p, (2 * 4) / 252, 1e-12);
    near(rankSum(base, [3.5, 4.5, 8, 9, 10])?.p, (2 * 7) / 252, 1e-12);
    assert.equal(leastP(5, 5), 2 / 252);
    assert.equal(leastP(3, 3), 0.1);
  });

  it("counts what enumeration counts, with ties too", () => {
    const random = seededRandom(testSeed());
    for (let round = 0; round < 40; round += 1) {
      const sample = () =>
        Array.from({ length: 2 + Math.floor(random.float() * 4) }, () =>
          Math.floor(random.float() * 6),
        );
      const [first, second] = [sample(), sample()];
      near(rankSum(first, second)?.p, enumeratedP(first, second), 1e-12);
    }
  });

  it("finds nothing in equal values, and says the same whichever sample is first", () => {
    assert.equal(rankSum([5, 5, 5], [5, 5, 5])?.p, 1);
    assert.equal(rankSum([], [1]), undefined);
    near(rankSum([1, 2, 9], [3, 4])?.p, rankSum([3, 4], [1, 2, 9])?.p ?? 0, 1e-12);
    const many = new Array<number>(40).fill(5);
    assert.equal(rankSum(many, many)?.p, 1);
  });
});

describe("holm", () => {
  it("raises p-values step by step, in the order given", () => {
    const found = holm([0.01, 0.04, 0.03]);
    near(found[0], 0.03, 1e-12);
    near(found[1], 0.06, 1e-12);
    near(found[2], 0.06, 1e-12);
    assert.deepEqual(holm([0.9, 0.8]), [1, 1]);
    assert.deepEqual(holm([]), []);
  });
});
