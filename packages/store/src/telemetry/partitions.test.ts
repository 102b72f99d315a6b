import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { startTestStore, type TestStore } from "../testing/test-store.ts";
import { RETENTION_DEFAULT } from "./levels.ts";
import { maintainTelemetry } from "./partitions.ts";
import { rollUp } from "./roll-up-all.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("maintainTelemetry", () => {
  let test: TestStore;
  let pool: pg.Pool;
  before(async () => {
    test = await startTestStore();
    pool = new pg.Pool({ connectionString: test.url, max: 3 });
    // Connections of an ended pool may see the server go down.
    pool.on("connect", (client) => client.on("error", () => undefined));
    pool.on("error", () => undefined);
  });
  after(async () => {
    await pool.end();
    await test.stop();
  });

  const maintainAt = async (nowMs: number) => {
    const client = await pool.connect();
    try {
      return await maintainTelemetry(client, { retention: RETENTION_DEFAULT, nowMs });
    } finally {
      client.release();
    }
  };
  const range = async (level: string) => {
    const rows = await test.query(
      "SELECT partitions_from, partitions_to FROM telemetry_levels WHERE level = $1",
      [level],
    );
    const { partitions_from: from, partitions_to: to } = rows[0] as Record<string, Date>;
    return { fromMs: from!.getTime(), toMs: to!.getTime() };
  };
  const names = async (table: string) =>
    (
      await test.query("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE $1", [
        `${table}\\_p%`,
      ])
    ).map(({ relname }) => String(relname));
  const insertAt = (atMs: number) =>
    test.query("INSERT INTO telemetry_raw (ts, series, value) VALUES ($1, 1, 1)", [new Date(atMs)]);

  const midnightMs = Math.ceil(Date.now() / DAY_MS) * DAY_MS;

  it("has the partitions of a new day two periods before it begins", async () => {
    await maintainAt(midnightMs - 1);
    assert.equal((await range("raw")).toMs, midnightMs + 2 * HOUR_MS);
    assert.equal((await range("1m")).toMs, midnightMs + 2 * DAY_MS);
    for (const offsetMs of [-1, 0, HOUR_MS, 2 * HOUR_MS - 1]) await insertAt(midnightMs + offsetMs);
    await maintainAt(midnightMs);
    assert.equal((await range("raw")).toMs, midnightMs + 3 * HOUR_MS);
  });

  it("keeps raw samples that are not rolled up, and drops them once they are", async () => {
    const laterMs = midnightMs + 30 * HOUR_MS;
    assert.deepEqual(await maintainAt(laterMs), []);
    await rollUp(pool, laterMs);
    const dropped = await maintainAt(laterMs);
    assert.ok(dropped.length > 0 && dropped.every((name) => name.startsWith("telemetry_raw_p")));
    assert.equal((await range("raw")).fromMs, laterMs - DAY_MS);
    await insertAt(laterMs - DAY_MS);
  });

  it("leaves no hole behind where nobody was there for days", async () => {
    const laterMs = midnightMs + 9 * DAY_MS + HOUR_MS;
    await maintainAt(laterMs);
    const { fromMs, toMs } = await range("raw");
    assert.equal(fromMs, laterMs - DAY_MS);
    for (let atMs = fromMs; atMs < toMs; atMs += HOUR_MS) await insertAt(atMs);
  });

  it("takes up what a controller left that died while it dropped a partition", async () => {
    await test.query("CREATE TABLE telemetry_raw_p2026010100 (LIKE telemetry_raw)");
    const [oldest] = (await names("telemetry_raw")).sort();
    assert.equal(oldest, "telemetry_raw_p2026010100");
    assert.deepEqual(await maintainAt(midnightMs + 9 * DAY_MS + HOUR_MS), [oldest]);
  });

  it("does not wait for a reader; the next run drops what it held", async () => {
    const laterMs = midnightMs + 11 * DAY_MS;
    await rollUp(pool, laterMs);
    const reader = await pool.connect();
    await reader.query("BEGIN");
    await reader.query("SELECT count(*) FROM telemetry_raw");
    const first = await maintainAt(laterMs);
    assert.deepEqual(first, []);
    await insertAt(laterMs);
    await reader.query("ROLLBACK");
    reader.release();
    assert.ok((await maintainAt(laterMs)).length > 0);
    assert.equal((await range("raw")).fromMs, laterMs - DAY_MS);
  });
});
