import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type pg from "pg";
import { startTestStore, type TestStore } from "../testing/test-store.ts";
import { types } from "./pool.ts";
import { createTransactionClient } from "./transaction-client.ts";

const BEGIN = { name: "begin", text: "BEGIN" };
const INSERT = { name: "insert_number", text: "INSERT INTO numbers VALUES ($1) RETURNING number" };

describe("createTransactionClient", () => {
  let test: TestStore;
  let client: pg.Client;
  before(async () => {
    test = await startTestStore();
    client = await test.connect();
    await client.query("CREATE TABLE numbers (number bigint PRIMARY KEY)");
  });
  after(() => test.stop());
  beforeEach(() => client.query("ROLLBACK; DELETE FROM numbers"));

  const open = () => createTransactionClient(client, BEGIN, types);
  const stored = async () =>
    (await test.query("SELECT number::int FROM numbers ORDER BY 1")).map((row) => row["number"]);

  it("sends nothing before there is something to wait for", async () => {
    const transaction = open();
    transaction.defer({ ...INSERT, values: [1] });
    assert.equal(transaction.hasBegun, false);
    assert.deepEqual((await transaction.query({ ...INSERT, values: [2] })).rows, [{ number: 2 }]);
    assert.deepEqual(await stored(), []);
    transaction.defer({ ...INSERT, values: [3] });
    await transaction.query("COMMIT");
    assert.deepEqual(await stored(), [1, 2, 3]);
  });

  it("gives the results of several statements in order", async () => {
    const results = await open().queryAll([
      { text: "SELECT $1::text AS word", values: ["a"] },
      { text: "SELECT 1 WHERE false" },
      { ...INSERT, values: [4] },
    ]);
    assert.deepEqual(
      results.map(({ rows }) => rows),
      [[{ word: "a" }], [], [{ number: 4 }]],
    );
  });

  it("executes nothing that follows a statement that failed, a COMMIT least of all", async () => {
    const transaction = open();
    await transaction.query({ ...INSERT, values: [5] });
    transaction.defer({ ...INSERT, values: [5] });
    transaction.defer({ name: "later", text: "INSERT INTO numbers VALUES (6)" });
    await assert.rejects(transaction.query("COMMIT"), { code: "23505" });
    await client.query("ROLLBACK");
    assert.deepEqual(await stored(), []);
  });

  it("executes nothing at all where BEGIN failed", async () => {
    const transaction = createTransactionClient(client, { text: "BEGIN NOTHING" }, types);
    await assert.rejects(transaction.query({ ...INSERT, values: [7] }), { code: "42601" });
    assert.deepEqual(await stored(), []);
  });

  it("executes nothing that follows a statement whose values can't be sent", async () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const transaction = open();
    transaction.defer({ ...INSERT, values: [8] });
    transaction.defer({ ...INSERT, values: [circular] });
    await assert.rejects(transaction.query("COMMIT"), TypeError);
    await client.query("ROLLBACK");
    assert.deepEqual(await stored(), []);
    assert.equal((await client.query({ ...INSERT, values: [9] })).rowCount, 1);
  });

  it("prepares a statement again that the server skipped", async () => {
    const skipped = { name: "skipped", text: "SELECT 9 AS number" };
    const transaction = open();
    transaction.defer({ name: "broken", text: "SELECT 1 / $1::int", values: [0] });
    await assert.rejects(transaction.query(skipped), { code: "22012" });
    await client.query("ROLLBACK");
    assert.deepEqual((await open().query(skipped)).rows, [{ number: 9 }]);
    const repeated = { name: "broken", text: "SELECT 1 / $1::int", values: [1] };
    assert.equal((await client.query(repeated)).rowCount, 1);
  });

  it("sends what is asked side by side in one round trip, each with its own answer", async () => {
    const transaction = open();
    const first = transaction.query({ ...INSERT, values: [10] });
    const asked = [11, 12].map((number) => transaction.query({ ...INSERT, values: [number] }));
    const several = transaction.queryAll([
      { text: "SELECT 'a' AS word" },
      { text: "SELECT 'b' AS word" },
    ]);
    const results = await Promise.all([first, ...asked]);
    assert.deepEqual(
      results.flatMap(({ rows }) => rows),
      [{ number: 10 }, { number: 11 }, { number: 12 }],
    );
    assert.deepEqual(
      (await several).flatMap(({ rows }) => rows),
      [{ word: "a" }, { word: "b" }],
    );
    await transaction.query("COMMIT");
    assert.deepEqual(await stored(), [10, 11, 12]);
  });

  it("rejects all that shared a round trip with a statement that failed, and answers what follows", async () => {
    const transaction = open();
    const first = transaction.query({ ...INSERT, values: [13] });
    const shared = [13, 14].map((number) => transaction.query({ ...INSERT, values: [number] }));
    await first;
    for (const each of await Promise.allSettled(shared)) {
      assert.equal(each.status === "rejected" && each.reason.code, "23505");
    }
    await transaction.query("ROLLBACK");
    assert.deepEqual(await stored(), []);
    assert.equal((await client.query("SELECT 1")).rowCount, 1);
  });
});
