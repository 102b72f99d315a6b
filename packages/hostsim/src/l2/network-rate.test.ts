import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@switchyard/runtime";
import { createMachine } from "../machine/create.ts";
import { type RoutedPath, rateOf, roundTripMs } from "./network-rate.ts";

const GBIT = 1e9;
const SEED = 11;

const pathOf = (change: Partial<RoutedPath> & { readonly lanes?: number } = {}): RoutedPath => {
  const { lanes = 16, ...path } = change;
  const machine = createMachine({ overrides: { lanes } });
  return {
    plugs: ["vf", "vf"],
    machines: [machine, machine],
    softwareCount: 0,
    mtu: 1500,
    limit: undefined,
    ...path,
  };
};

function meanOf(path: RoutedPath): number {
  const { float } = seededRandom(SEED);
  const rates = Array.from({ length: 400 }, () => rateOf(path, float) / GBIT);
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
}
const isNear = (value: number, wanted: number, by: number): boolean =>
  Math.abs(value - wanted) <= by;

describe("the network model", () => {
  const vdpa = { plugs: ["vdpa", "vdpa"] } as const;

  it("has the shape that the seed procedure reports: 80, about 70, 28 Gbit/s", () => {
    assert.ok(isNear(meanOf(pathOf()), 80, 2));
    assert.ok(isNear(meanOf(pathOf(vdpa)), 69, 3));
    assert.ok(isNear(meanOf(pathOf({ ...vdpa, softwareCount: 2 })), 28, 1));
  });

  it("falls to software's figure whichever host forwards by software", () => {
    assert.ok(isNear(meanOf(pathOf({ ...vdpa, softwareCount: 1 })), 28, 1));
  });

  it("is no faster than a narrow slot, or than the limit of the port", () => {
    assert.ok(meanOf(pathOf({ lanes: 8 })) < 55);
    assert.ok(meanOf(pathOf({ limit: 10 * GBIT })) <= 10);
  });

  it("gives the same for the same draws, and longer round trips by software", () => {
    const rate = (seed: number) => rateOf(pathOf(vdpa), seededRandom(seed).float);
    assert.equal(rate(3), rate(3));
    assert.notEqual(rate(3), rate(4));
    const trip = (softwareCount: number) =>
      roundTripMs({ ...vdpa, softwareCount }, seededRandom(SEED).float);
    assert.ok(trip(2) > 1.5 * trip(0));
  });
});
