import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diffSnapshots, incomparableAreas } from "./diff.ts";
import type { SnapshotFacts, SnapshotItems } from "./facts.ts";

const link = (change: Partial<SnapshotItems["links"]> = {}): SnapshotItems["links"] => ({
  mac: "06:00:00:00:00:01",
  isUp: false,
  hasCarrier: false,
  mtu: 1500,
  addresses: [],
  ...change,
});

describe("diffSnapshots", () => {
  it("names area, item and field with what was there before and after", () => {
    const changes = diffSnapshots(
      { links: { eth10: link(), eth2: link() } },
      { links: { eth10: link({ isUp: true, addresses: ["10.0.0.1/24"] }), eth2: link() } },
    );
    assert.deepEqual(changes, [
      { area: "links", item: "eth10", field: "isUp", before: "false", after: "true" },
      { area: "links", item: "eth10", field: "addresses", before: "none", after: "10.0.0.1/24" },
    ]);
  });

  it("shows an item that came or went as one change", () => {
    const changes = diffSnapshots(
      { modules: {}, bridges: { br0: { isOurs: true } } },
      { modules: { vdpa: { isLoaded: true } }, bridges: {} },
    );
    assert.deepEqual(changes, [
      { area: "modules", item: "vdpa", field: "", before: undefined, after: "isLoaded true" },
      { area: "bridges", item: "br0", field: "", before: "isOurs true", after: undefined },
    ]);
  });

  it("tells a field that is not set from one that is", () => {
    const [before, after] = [link({ master: "bond0" }), link()];
    const changes = diffSnapshots({ links: { p0: before } }, { links: { p0: after } });
    const expected = { area: "links", item: "p0", field: "master" };
    assert.deepEqual(changes, [{ ...expected, before: "bond0", after: undefined }]);
  });

  it("says nothing of an area that one side did not read, and names it", () => {
    const before: SnapshotFacts = { links: { p0: link() } };
    assert.deepEqual(diffSnapshots(before, {}), []);
    assert.deepEqual(incomparableAreas(before, {}), ["links"]);
  });
});
