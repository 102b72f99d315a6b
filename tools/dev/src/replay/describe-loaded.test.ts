import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SnapshotDocument } from "@switchyard/model";
import { describeLoaded } from "./describe-loaded.ts";

const DOCUMENT: SnapshotDocument = {
  kind: "switchyard-snapshot",
  version: 1,
  hostKind: "lab",
  host: "lab-1",
  job: "j1",
  snapshot: {
    ...{ point: "step-3", atMs: 0, bootId: "b", taken: [], unread: [] },
    ...{ kernelLog: [], kernelLogDropped: 0, tookMs: 0, facts: {} },
  },
};
const host = undefined as never;

describe("describeLoaded", () => {
  it("says where the snapshot comes from, and that nothing is lost where nothing is", () => {
    const text = describeLoaded(DOCUMENT, { host, differences: [], assumed: [] });
    assert.match(text, /^loaded lab-1 \(lab\), step-3 of job j1, 1970-01-01T00:00:00.000Z$/m);
    assert.match(text, /the simulated host shows the same facts/);
  });

  it("names every difference on a line, and how many more there are", () => {
    const differences = Array.from({ length: 130 }, (_, at) => ({
      ...{ area: "links" as const, item: `eth${at}`, field: "" },
      ...{ before: "mtu 1500", after: undefined },
    }));
    const text = describeLoaded(DOCUMENT, { host, differences, assumed: ["ovs"] });
    assert.match(text, /^ {2}links eth0: mtu 1500 -> absent$/m);
    assert.match(text, /and 30 more/);
    assert.match(text, /not in the snapshot, assumed: ovs/);
  });
});
