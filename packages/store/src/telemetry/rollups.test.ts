import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type HostId, type MetricName, parseHostId, type Sample } from "@switchyard/model";
import { type Random, seededRandom } from "@switchyard/runtime";
import pg from "pg";
import { wholeUpload } from "../testing/telemetry-upload.ts";
import { startTestStore, type TestStore } from "../testing/test-store.ts";
import { type LevelName, RETENTION_DEFAULT, STALE_MS } from "./levels.ts";
import { querySeries } from "./query-series.ts";
import { rollUp } from "./roll-up-all.ts";
import type { Aggregation, SeriesQuery } from "./series-query.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_127);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A whole 6 h window and more lie behind it, and raw samples of all of them are kept. */
const END_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const START_MS = END_MS - 13 * HOUR_MS;

const metric: MetricName = "nic.vf.rx_bytes";
const hosts = ["roll-a", "roll-b"].map(parseHostId);
const objects = ["0000:82:00.0/vf0", "0000:82:00.0/vf1"];

type Given = Sample & { readonly host: HostId };

/** Counters with gaps, resets, and samples at odd times. */
function givenSamples(random: Random): Given[] {
  const samples: Given[] = [];
  for (const host of hosts) {
    for (const object of objects) {
      let value = 0;
      for (let atMs = START_MS; atMs < END_MS; ) {
        const chance = random.float();
        if (chance < 0.01) value = Math.floor(random.float() * 100);
        else value += Math.floor(random.float() * 1e9);
        samples.push({ host, metric, object, atMs, value });
        const gapMs = chance > 0.995 ? 9 * MINUTE_MS : 5_000 + random.float() * 20_000;
        atMs += Math.ceil(gapMs);
      }
    }
  }
  return samples;
}

/** What the store is to answer, worked out from the samples alone: by host, sums of rates or means of values. */
function expected(samples: readonly Given[], stepMs: number, host: HostId) {
  const steps = new Map<number, { sum: number; count: number; rates: Map<string, number[]> }>();
  for (const object of objects) {
    const own = samples.filter((sample) => sample.host === host && sample.object === object);
    own.sort((left, right) => left.atMs - right.atMs);
    own.forEach(({ atMs, value }, index) => {
      const at = Math.floor(atMs / stepMs) * stepMs;
      const step = steps.get(at) ?? { sum: 0, count: 0, rates: new Map() };
      steps.set(at, step);
      step.sum += value;
      step.count += 1;
      const previous = own[index - 1];
      if (previous === undefined || atMs - previous.atMs > STALE_MS) return;
      const [increase = 0, seconds = 0] = step.rates.get(object) ?? [];
      const more = value >= previous.value ? value - previous.value : value;
      step.rates.set(object, [increase + more, seconds + (atMs - previous.atMs) / 1000]);
    });
  }
  return [...steps.entries()]
    .sort(([left], [right]) => left - right)
    .map(([atMs, { sum, count, rates }]) => ({
      atMs,
      avg: sum / count,
      rate: [...rates.values()].reduce((total, [more, seconds]) => total + more! / seconds!, 0),
    }));
}

const near = (found: number, wanted: number, where: string): void =>
  assert.ok(Math.abs(found - wanted) <= 1e-9 * Math.abs(wanted), `${where}: ${found}, ${wanted}`);

describe(`rollups (seed ${SEED})`, () => {
  let test: TestStore;
  let pool: pg.Pool;
  const random = seededRandom(SEED);
  const samples = givenSamples(random);
  before(async () => {
    test = await startTestStore();
    pool = new pg.Pool({ connectionString: test.url, max: 2 });
    // Connections of an ended pool may see the server go down.
    pool.on("connect", (client) => client.on("error", () => undefined));
    pool.on("error", () => undefined);
  });
  after(async () => {
    await pool.end();
    await test.stop();
  });

  const insert = async (seq: number, some: readonly Given[]) => {
    for (const host of hosts) {
      const own = some.filter((sample) => sample.host === host);
      await test.store.telemetry.insert([wholeUpload(host, seq, own)]);
    }
  };
  const query = (aggregation: Aggregation, stepMs: number, change: Partial<SeriesQuery> = {}) =>
    querySeries(
      pool,
      {
        ...{ metric, hosts, aggregation, stepMs, by: ["host"] },
        ...{ startAtMs: START_MS, endAtMs: END_MS + MINUTE_MS, ...change },
      },
      { retention: RETENTION_DEFAULT, nowMs: END_MS },
    );
  const answersAs = async (stepMs: number, source: LevelName) => {
    const [averages, rates] = [await query("avg", stepMs), await query("rate", stepMs)];
    assert.equal(averages.source, source);
    for (const [index, host] of hosts.entries()) {
      const wanted = expected(samples, stepMs, host);
      const found = averages.groups[index]!; // one group per host
      assert.deepEqual(found.labels, { host });
      assert.deepEqual(
        found.points.map(({ atMs }) => atMs),
        wanted.map(({ atMs }) => atMs),
      );
      for (const [at, { value }] of found.points.entries()) {
        near(value, wanted[at]!.avg, `${host} ${at}`);
      }
      const rateAt = new Map(rates.groups[index]!.points.map(({ atMs, value }) => [atMs, value]));
      for (const { atMs, rate } of wanted) near(rateAt.get(atMs) ?? 0, rate, `${host} ${atMs}`);
    }
  };

  it("answers from raw samples before anything is rolled up", async () => {
    await insert(
      1,
      samples.filter((_sample, index) => index % 10 !== 3),
    );
    await insert(2, []);
    const { groups } = await query("avg", 30_000);
    assert.equal(groups.length, 2);
  });

  it("equals what the samples give, late ones included, on every level", async () => {
    const late = samples.filter((_sample, index) => index % 10 === 3);
    await rollUp(pool, END_MS - 2 * HOUR_MS);
    await insert(
      3,
      late.filter((_sample, index) => index % 2 === 0),
    );
    await rollUp(pool, END_MS - HOUR_MS / 2);
    await insert(
      4,
      late.filter((_sample, index) => index % 2 === 1),
    );
    const report = await rollUp(pool, END_MS - 10 * MINUTE_MS);
    assert.equal(report?.lateHosts, 2);
    await answersAs(30_000, "raw");
    await answersAs(MINUTE_MS, "1m");
    await answersAs(15 * MINUTE_MS, "15m");
    await answersAs(6 * HOUR_MS, "6h");
  });

  it("does no harm when it runs again, or at two controllers at once", async () => {
    const count = async () => (await test.query("SELECT count(*) FROM telemetry_1m"))[0];
    const before = await count();
    await Promise.all([rollUp(pool, END_MS), rollUp(pool, END_MS)]);
    await test.query("UPDATE telemetry_levels SET rolled_at = rolled_at - interval '6 h'");
    await rollUp(pool, END_MS - 10 * MINUTE_MS);
    await answersAs(MINUTE_MS, "1m");
    assert.ok(Number((await count())?.["count"]) >= Number(before?.["count"]));
  });

  it("gives percentiles of samples, sums over objects, the newest, and one object alone", async () => {
    const range = { startAtMs: START_MS, endAtMs: START_MS + HOUR_MS, by: [] as const };
    const values = samples
      .filter(({ atMs }) => atMs < START_MS + HOUR_MS)
      .map(({ value }) => value)
      .sort((left, right) => left - right);
    const step = HOUR_MS;
    const firstValue = async (aggregation: Aggregation, change: Partial<SeriesQuery> = {}) => {
      const { groups } = await query(aggregation, step, { ...range, ...change });
      return groups[0]?.points[0]?.value;
    };
    assert.equal(await firstValue("max"), values.at(-1));
    assert.equal(await firstValue("min"), values[0]);
    const median = await querySeries(
      pool,
      { metric, hosts, aggregation: "p50", stepMs: 8 * MINUTE_MS, ...range },
      { retention: RETENTION_DEFAULT, nowMs: END_MS },
    );
    assert.equal(median.source, "raw");
    const sum = await firstValue("sum");
    const each = await query("avg", step, { ...range, by: ["host", "object"] });
    near(
      sum!,
      each.groups.reduce((total, { points }) => total + points[0]!.value, 0),
      "sum",
    );
    assert.equal(each.groups.length, 4);
    const one = await query("last", step, { ...range, object: "*/vf1", hosts: [hosts[0]!] });
    const newest = samples.filter(
      ({ host, object, atMs }) =>
        host === hosts[0] && object === objects[1] && atMs < START_MS + HOUR_MS,
    );
    assert.equal(one.groups[0]?.points[0]?.value, newest.at(-1)?.value);
  });

  it("refuses more points than an answer holds, and says what to do", async () => {
    await assert.rejects(query("avg", 1_000, { startAtMs: START_MS - 200 * HOUR_MS }), {
      reason: "QUERY_TOO_LARGE",
    });
    await assert.rejects(
      querySeries(
        pool,
        {
          ...{ metric: "host.power", aggregation: "rate", stepMs: MINUTE_MS, by: [] },
          ...{ startAtMs: START_MS, endAtMs: END_MS },
        },
        { retention: RETENTION_DEFAULT, nowMs: END_MS },
      ),
      { reason: "FIELD_INVALID" },
    );
  });
});
