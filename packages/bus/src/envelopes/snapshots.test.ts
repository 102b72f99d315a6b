import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import { SNAPSHOT_LIMITS, type SnapshotRecord, type SnapshotSeries } from "@switchyard/model";
import { decodeAnswer, encodeAnswer } from "./command.ts";
import { decodeSnapshots, encodeSnapshots } from "./snapshots.ts";

const RECORD: SnapshotRecord = {
  point: "start",
  atMs: 1_750_000_000_000,
  bootId: "b",
  taken: ["modules"],
  unread: [{ area: "ovs", message: "no answer" }],
  kernelLog: ["[ 1.0] one"],
  kernelLogDropped: 0,
  tookMs: 12,
  isWhole: true,
  changes: { modules: { vdpa: { isLoaded: true } } },
};
const SERIES: SnapshotSeries = {
  version: 1,
  hostKind: "simulated",
  host: "r740-01",
  job: "j",
  records: [RECORD],
  missing: [{ point: "step-1", why: "put off" }],
};
const noise = (count: number) => Array.from({ length: count }, (_, at) => `${Math.sin(at)}`);

describe("snapshots in an answer", () => {
  it("arrive as they were sent", () => {
    const answer = { isDone: true, reason: undefined, message: "1", snapshots: SERIES };
    assert.deepEqual(decodeAnswer(encodeAnswer(answer)), answer);
  });

  it("are dropped where they are malformed, a bomb or too large", () => {
    const wrong: readonly unknown[] = [
      [],
      { ...SERIES, version: 2 },
      { ...SERIES, records: "all" },
      { ...SERIES, records: [{ ...RECORD, kernelLog: [1] }] },
      { ...SERIES, records: [{ ...RECORD, changes: { modules: { vdpa: { isLoaded: {} } } } }] },
      { ...SERIES, records: [{ ...RECORD, changes: { rootfs: {} } }] },
      { ...SERIES, missing: [{}] },
    ];
    for (const value of wrong) {
      const bytes = deflateRawSync(JSON.stringify(value));
      assert.equal(decodeSnapshots(bytes), undefined, JSON.stringify(value).slice(0, 80));
    }
    assert.equal(decodeSnapshots(deflateRawSync(Buffer.alloc(64 * 1024 * 1024))), undefined);
    assert.equal(decodeSnapshots(Buffer.alloc(SNAPSHOT_LIMITS.wireBytesMax + 1)), undefined);
  });

  it("go without their kernel logs rather than not at all", () => {
    const records = [{ ...RECORD, kernelLog: noise(80_000) }];
    const [record] = decodeSnapshots(encodeSnapshots({ ...SERIES, records }))?.records ?? [];
    assert.deepEqual([record?.kernelLog, record?.kernelLogDropped], [[], 80_000]);
    assert.deepEqual(record?.changes, RECORD.changes);
    const missing = noise(80_000).map((why) => ({ point: "p", why }));
    assert.equal(encodeSnapshots({ ...SERIES, missing }).length, 0);
  });
});
