import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  canonicalJson,
  SNAPSHOT_AREAS,
  type SnapshotFacts,
  type SnapshotItems,
  type SnapshotRecord,
  type SnapshotSeries,
} from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import { applyChanges, changesBetween } from "./changes.ts";
import { areasOfStep } from "./step-areas.ts";
import { unfoldSeries } from "./unfold.ts";

const link = (change: Partial<SnapshotItems["links"]> = {}): SnapshotItems["links"] => ({
  mac: "06:00:00:00:00:01",
  isUp: false,
  hasCarrier: false,
  mtu: 1500,
  addresses: [],
  ...change,
});

const head = (point: string): Omit<SnapshotRecord, "isWhole" | "changes"> => ({
  point,
  atMs: 1,
  bootId: "b",
  taken: [],
  unread: [],
  kernelLog: [],
  kernelLogDropped: 0,
  tookMs: 0,
});

describe("stored changes", () => {
  it("hold only what changed", () => {
    const before: SnapshotFacts = { links: { p0: link(), p1: link() }, modules: {} };
    const after: SnapshotFacts = { links: { p0: link({ isUp: true }), p1: link() }, modules: {} };
    assert.deepEqual(changesBetween(before, after), { links: { p0: link({ isUp: true }) } });
  });

  it("tell an area that is empty from one that was not read", () => {
    const changes = changesBetween({}, { bridges: {} });
    assert.deepEqual(applyChanges({}, changes), { bridges: {} });
  });

  it("give back any facts, key names of prototypes included", () => {
    const random = seededRandom(testSeed());
    const names = ["p0", "eth1", "__proto__", "constructor", "toString"];
    const anyLinks = () =>
      Object.fromEntries(
        names
          .filter(() => random.float() < 0.5)
          .map((name) => [name, link({ mtu: random.float() })]),
      );
    let facts: SnapshotFacts = {};
    for (let round = 0; round < 300; round += 1) {
      const next: SnapshotFacts = { links: anyLinks() };
      facts = applyChanges(facts, changesBetween(facts, next));
      assert.equal(canonicalJson(facts), canonicalJson(next));
    }
  });
});

describe("unfoldSeries", () => {
  it("makes every snapshot whole, and begins anew where one holds all there is", () => {
    const series: SnapshotSeries = {
      version: 1,
      hostKind: "simulated",
      host: "r740-01",
      job: "j",
      missing: [],
      records: [
        { ...head("start"), isWhole: true, changes: { links: { p0: link() }, modules: {} } },
        { ...head("step-1"), isWhole: false, changes: { links: { p1: link() } } },
        { ...head("end"), isWhole: true, changes: { links: { p1: link() } } },
      ],
    };
    const shown = unfoldSeries(series).map(({ facts }) => [
      Object.keys(facts.links ?? {}),
      facts.modules,
    ]);
    assert.deepEqual(shown, [
      [["p0"], {}],
      [["p0", "p1"], {}],
      [["p1"], undefined],
    ]);
  });
});

describe("areasOfStep", () => {
  it("looks at all there is after a boot, and at the links alone after a link was set up", () => {
    assert.equal(areasOfStep("ensureRebooted"), "all");
    assert.deepEqual(areasOfStep("ensureLinkState"), ["links"]);
    const known: readonly string[] = SNAPSHOT_AREAS;
    const devices = areasOfStep("ensureVfCount");
    assert.ok(devices !== "all" && devices.every((area) => known.includes(area)));
  });
});
