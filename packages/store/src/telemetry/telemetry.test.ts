import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type MetricName, parseHostId, type Sample } from "@switchyard/model";
import type { Store } from "../store.ts";
import { wholeUpload } from "../testing/telemetry-upload.ts";
import { openStore, startTestStore, type TestStore } from "../testing/test-store.ts";

let test: TestStore;
let store: Store;
before(async () => {
  test = await startTestStore();
  store = test.store;
});
after(() => test.stop());

const metric: MetricName = "nic.vf.rx_bytes";
const startAtMs = Date.now() - 60_000;
const sample = (offsetMs: number, value: number, object = "0000:82:00.0/vf0"): Sample => ({
  metric,
  object,
  atMs: startAtMs + offsetMs,
  value,
});
const upload = (host: string, seq: number, samples: readonly Sample[]) =>
  wholeUpload(parseHostId(host), seq, samples);

async function valuesOf(host: string, size = 100) {
  const values: number[] = [];
  let after: string | undefined;
  do {
    const page = await store.telemetry.list({
      size,
      after,
      host: parseHostId(host),
      startAtMs,
      endAtMs: startAtMs + 60_000,
    });
    values.push(...page.items.map((item) => item.value));
    after = page.next;
  } while (after !== undefined);
  return values;
}

describe("telemetry", () => {
  it("stores each batch once, though it comes again or to two controllers at once", async () => {
    const batches = [1, 2, 3].map((seq) => upload("tel-01", seq, [sample(seq * 1_000, seq)]));
    const other = await openStore(test.url);
    try {
      const reports = await Promise.all([
        store.telemetry.insert(batches),
        other.telemetry.insert(batches),
        store.telemetry.insert([...batches, batches[0]!]),
      ]);
      assert.equal(
        reports.reduce((sum, report) => sum + report.sampleCount, 0),
        3,
      );
      assert.deepEqual(await valuesOf("tel-01"), [1, 2, 3]);
    } finally {
      await other.close();
    }
  });

  it("stores batches that come out of order, each once, and knows which were missing", async () => {
    const one = (seq: number) => upload("tel-06", seq, [sample(seq * 1_000, seq)]);
    await store.telemetry.insert([one(1), one(4)]);
    const report = await store.telemetry.insert([one(4), one(3), one(2), one(3)]);
    assert.deepEqual(report.stored, [1, 2]);
    assert.deepEqual(await valuesOf("tel-06"), [1, 2, 3, 4]);
  });

  it("understands a batch by the names of an earlier one that another controller stored", async () => {
    const [first, second] = [1, 2].map((seq) => upload("tel-07", seq, [sample(seq * 1_000, seq)]));
    const short = { ...second!, firstSeries: 1, names: [] };
    const other = await openStore(test.url);
    try {
      assert.deepEqual((await other.telemetry.insert([short])).unnamed, [0]);
      assert.deepEqual(await valuesOf("tel-07"), []);
      await store.telemetry.insert([first!]);
      assert.deepEqual((await other.telemetry.insert([short])).stored, [0]);
      assert.deepEqual(await valuesOf("tel-07"), [1, 2]);
    } finally {
      await other.close();
    }
  });

  it("leaves out series of unknown metrics and values that are no numbers", async () => {
    const batch = upload("tel-08", 1, [
      sample(1_000, 1),
      sample(2_000, Number.NaN),
      sample(3_000, 3),
    ]);
    const future = { ...batch, names: [undefined, ...batch.names] };
    const series = Int32Array.of(1, 1, 0);
    await store.telemetry.insert([{ ...future, columns: { ...batch.columns, series } }]);
    assert.deepEqual(await valuesOf("tel-08"), [1]);
  });

  it("begins anew with a new agent process", async () => {
    await store.telemetry.insert([upload("tel-02", 9, [sample(1_000, 1)])]);
    const next = { ...upload("tel-02", 1, [sample(2_000, 2)]), session: "s2" };
    assert.deepEqual((await store.telemetry.insert([next])).stored, [0]);
    assert.deepEqual(await valuesOf("tel-02"), [1, 2]);
  });

  it("pages through samples of the same time without losing any", async () => {
    const objects = Array.from({ length: 7 }, (_, index) => sample(5_000, index, `vf${index}`));
    await store.telemetry.insert([upload("tel-03", 1, objects)]);
    assert.equal((await valuesOf("tel-03", 2)).length, 7);
  });

  it("keeps the newest sample of every series, also when an older one comes later", async () => {
    await store.telemetry.insert([upload("tel-04", 1, [sample(9_000, 9), sample(3_000, 3)])]);
    await store.telemetry.insert([upload("tel-04", 2, [sample(6_000, 6)])]);
    const other = await openStore(test.url);
    for (const { telemetry } of [store, other]) {
      const latest = await telemetry.latest({ host: parseHostId("tel-04"), metric });
      assert.deepEqual(
        latest.map((each) => [each.value, each.atMs]),
        [[9, startAtMs + 9_000]],
      );
    }
    await other.close();
  });
});

describe("maintain", () => {
  const partitions = async () => {
    const rows = await test.query(
      "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY relname",
    );
    return rows.map((row) => String(row["relname"]));
  };

  it("has partitions for the present and ahead, and no stray rows", async () => {
    const report = await store.maintain();
    assert.equal(report.strayRows, 0);
    const names = await partitions();
    // One before the present, the present and two ahead; one more when the hour turned meanwhile.
    assert.ok(names.filter((name) => name.startsWith("telemetry_raw_p")).length >= 27);
    for (const level of ["1m", "15m", "6h"]) {
      assert.ok(names.some((name) => name.startsWith(`telemetry_${level}_p`)));
    }
    assert.ok(names.filter((name) => name.startsWith("changes_p")).length >= 4);
  });

  it("drops what is over, and lets readers of removed changes list again", async () => {
    const cursor = await store.changes.now();
    await test.query(
      "CREATE TABLE changes_p2020010100 PARTITION OF changes FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')",
    );
    await test.query(
      "INSERT INTO changes (at, kind, key, operation, record) VALUES ('2020-01-01T12:00Z', 'hosts', 'x', 'updated', '{}')",
    );
    const fresh = await store.changes.now();
    const { droppedPartitions } = await store.maintain();
    assert.deepEqual(droppedPartitions, ["changes_p2020010100"]);
    await assert.rejects(store.changes.read(cursor, 1), { reason: "RESUME_TOKEN_TOO_OLD" });
    assert.deepEqual((await store.changes.read(fresh, 1)).entries, []);
  });

  it("counts samples from the far future and leaves out those from the far past", async () => {
    const [past, future] = [sample(-40 * 3_600_000, 1), sample(9 * 24 * 3_600_000, 2)];
    const report = await store.telemetry.insert([
      upload("tel-05", 1, [past, sample(1_000, 3), future]),
    ]);
    assert.equal(report.expiredCount, 1);
    assert.deepEqual(await valuesOf("tel-05"), [3]);
    assert.equal((await store.maintain()).strayRows, 1);
    assert.equal((await store.maintain()).strayRows, 0);
  });

  it("may run from several controllers at once", async () => {
    const other = await openStore(test.url);
    await Promise.all([store.maintain(), other.maintain(), store.maintain()]);
    await other.close();
  });
});
