import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseHostId, type Sample } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { wholeUpload } from "../testing/telemetry-upload.ts";
import { startTestStore, type TestStore } from "../testing/test-store.ts";
import { RAW } from "./levels.ts";
import { RUN_MS } from "./raw-samples.ts";
import { addRuns, lastOf, noRuns, sampleCountOf } from "./sample-runs.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_127);
const HOUR_MS = RAW.partitionMs;
const host = parseHostId("runs-01");
/** The hour before the present one, which has a partition. */
const hourMs = (Math.floor(Date.now() / HOUR_MS) - 1) * HOUR_MS;
const sample = (atMs: number, value: number): Sample => ({
  ...{ metric: "host.power", object: "rapl" },
  atMs,
  value,
});

describe("rows of raw samples", () => {
  const runsOf = (offsetsMs: readonly number[]) => {
    const runs = noRuns();
    const samples = offsetsMs.map((offsetMs, at) => sample(hourMs + offsetMs, at));
    assert.equal(addRuns(runs, wholeUpload(host, 1, samples), [7]), offsetsMs.length);
    const counts = runs.ids.map((_id, run) => sampleCountOf(runs, run));
    return { counts, runs };
  };

  it("hold what a series has within a minute, and no more than sixty samples", () => {
    assert.deepEqual(runsOf([0, 10, RUN_MS - 1, RUN_MS, 2 * RUN_MS - 1]).counts, [3, 2]);
    assert.deepEqual(runsOf(Array.from({ length: 61 }, (_, at) => at)).counts, [60, 1]);
  });

  it("reach into no other partition, and never backwards", () => {
    assert.deepEqual(runsOf([HOUR_MS - 2, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1]).counts, [2, 2]);
    assert.deepEqual(runsOf([9_000, 3_000, 3_000]).counts, [1, 2]);
  });

  it("end with their newest sample", () => {
    const { runs } = runsOf([0, 1_000, 5_000, 2 * RUN_MS]);
    assert.deepEqual(lastOf(runs), {
      ids: [7, 7],
      atMs: [hourMs + 5_000, hourMs + 2 * RUN_MS],
      values: [2, 3],
    });
  });
});

describe(`samples of several rows (seed ${SEED})`, () => {
  let test: TestStore;
  before(async () => {
    test = await startTestStore();
  });
  after(() => test.stop());

  const random = seededRandom(SEED);
  const samples: Sample[] = [];
  for (let atMs = hourMs - 5 * RUN_MS; atMs < hourMs + 5 * RUN_MS; ) {
    samples.push(sample(atMs, Math.floor(random.float() * 1e6)));
    atMs += Math.ceil(random.float() * 20_000);
  }
  const between = (fromMs: number, toMs: number) =>
    samples.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const listed = async (startAtMs: number, endAtMs: number) => {
    const found: Sample[] = [];
    let after: string | undefined;
    do {
      const page = await test.store.telemetry.list({ size: 3, after, host, startAtMs, endAtMs });
      found.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    return found.map(({ atMs, value }) => sample(atMs, value));
  };
  const ranges = Array.from({ length: 12 }, () => {
    const fromMs = hourMs + Math.floor((random.float() - 0.5) * 9 * RUN_MS);
    return [fromMs, fromMs + 1 + Math.floor(random.float() * 3 * RUN_MS)] as const;
  });

  it("are listed one by one, from and to any time, across partitions", async () => {
    await test.store.telemetry.insert([wholeUpload(host, 1, samples)]);
    for (const [fromMs, toMs] of ranges) {
      assert.deepEqual(await listed(fromMs, toMs), between(fromMs, toMs));
    }
  });

  it("are found the same once the index knows their pages, which may be told again", async () => {
    const summarized = async () => {
      const rows = await test.query(
        `SELECT sum(brin_summarize_new_values(indexrelid))::int AS count FROM pg_index
          WHERE indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'telemetry_raw'::regclass)`,
      );
      return rows[0]?.["count"];
    };
    await test.store.telemetry.indexBlocks();
    await test.store.telemetry.indexBlocks();
    assert.equal(await summarized(), 0);
    for (const [fromMs, toMs] of ranges) {
      assert.deepEqual(await listed(fromMs, toMs), between(fromMs, toMs));
    }
    const { groups } = await test.store.telemetry.query({
      ...{ metric: "host.power", hosts: [host], by: [], aggregation: "max", stepMs: 30_000 },
      ...{ startAtMs: hourMs - RUN_MS, endAtMs: hourMs + RUN_MS },
    });
    for (const { atMs, value } of groups[0]!.points) {
      assert.equal(value, Math.max(...between(atMs, atMs + 30_000).map((each) => each.value)));
    }
  });

  it("of the far future are counted one by one", async () => {
    const aheadMs = hourMs + 240 * HOUR_MS;
    const ahead = [0, 1, 2].map((at) => sample(aheadMs + at, at));
    const report = await test.store.telemetry.insert([wholeUpload(host, 2, ahead)]);
    assert.deepEqual([report.sampleCount, report.expiredCount], [3, 0]);
    assert.equal((await test.store.maintain()).strayRows, 3);
  });
});
