import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId, parseProfileId } from "@switchyard/model";
import { planWaves } from "./plan-waves.ts";

const hostsOf = (classes: Readonly<Record<string, number>>, profile = "fleet") =>
  Object.entries(classes).flatMap(([hardwareClass, count]) =>
    Array.from({ length: count }, (_, at) => ({
      host: parseHostId(`${profile}-${hardwareClass}-${at}`),
      profile: parseProfileId(profile),
      hardwareClass,
    })),
  );

const waveOf = (places: ReturnType<typeof planWaves>, wave: number) =>
  places.filter((place) => place.wave === wave);

describe("planWaves", () => {
  it("has one host of every class in the canary, however few were asked for", () => {
    const places = planWaves(hostsOf({ a: 10, b: 3, c: 1 }), { canaryCount: 1, waveCount: 2 });
    const canary = waveOf(places, 1).map(({ hardwareClass }) => hardwareClass);
    assert.deepEqual(canary.sort(), ["a", "b", "c"]);
  });

  it("has every class of every profile in the canary: each profile is a change of its own", () => {
    const hosts = [...hostsOf({ a: 4, b: 2 }, "blue"), ...hostsOf({ a: 4 }, "green")];
    const canary = waveOf(planWaves(hosts, { canaryCount: 1, waveCount: 1 }), 1);
    const classes = canary.map(({ profile, hardwareClass }) => `${profile} ${hardwareClass}`);
    assert.deepEqual(classes.sort(), ["blue a", "blue b", "green a"]);
  });

  it("divides the rest evenly, and leaves no host out", () => {
    const places = planWaves(hostsOf({ a: 21 }), { canaryCount: 1, waveCount: 4 });
    const sizes = [1, 2, 3, 4, 5].map((wave) => waveOf(places, wave).length);
    assert.deepEqual(sizes, [1, 5, 5, 5, 5]);
  });

  it("spreads each class over the waves", () => {
    const places = planWaves(hostsOf({ a: 11, b: 11 }), { canaryCount: 2, waveCount: 2 });
    for (const wave of [2, 3]) {
      const classes = waveOf(places, wave).map(({ hardwareClass }) => hardwareClass);
      assert.equal(classes.filter((each) => each === "a").length, 5);
    }
  });

  it("gives the same hosts the same waves, whatever order they come in", () => {
    const hosts = hostsOf({ a: 7, b: 5 });
    const strategy = { canaryCount: 2, waveCount: 3 };
    assert.deepEqual(planWaves(hosts, strategy), planWaves([...hosts].reverse(), strategy));
  });

  it("has no empty waves", () => {
    const places = planWaves(hostsOf({ a: 3 }), { canaryCount: 1, waveCount: 10 });
    assert.deepEqual([...new Set(places.map(({ wave }) => wave))], [1, 2, 3]);
  });
});
