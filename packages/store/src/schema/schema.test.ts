import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { silentLogger } from "@switchyard/runtime";
import { startPostgres, type TestPostgres } from "@switchyard/testkit";
import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import pg from "pg";
import { openStore } from "../testing/test-store.ts";
import { migrate } from "./migrate.ts";

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe("migrate", () => {
  it("runs once though many controllers start at once", async () => {
    const url = await postgres.createDatabase("race");
    const runs = await Promise.all(
      Array.from({ length: 5 }, () => migrate({ url, log: silentLogger })),
    );
    assert.equal(runs.filter((ran) => ran.length > 0).length, 1);
    const stores = await Promise.all([openStore(url), openStore(url)]);
    await Promise.all(stores.map((store) => store.ping()));
    await Promise.all(stores.map((store) => store.close()));
  });

  it("leaves a database that a later release migrated as it is", async () => {
    const url = await postgres.createDatabase("later");
    await migrate({ url, log: silentLogger });
    await query(url, "INSERT INTO schema_migrations VALUES (9999, '9999_later.sql', 'x')");
    assert.deepEqual(await migrate({ url, log: silentLogger }), []);
  });

  it("refuses a migration that was edited after it ran, and rolls a broken one back", async () => {
    const url = await postgres.createDatabase("edited");
    const path = await mkdtemp(join(tmpdir(), "sy-migrations-"));
    const folder = pathToFileURL(`${path}/`);
    const run = () => migrate({ url, log: silentLogger, folder });
    try {
      await writeFile(join(path, "0001_one.sql"), "CREATE TABLE one ();");
      assert.deepEqual(await run(), ["0001_one.sql"]);
      await writeFile(join(path, "0002_two.sql"), "CREATE TABLE two (); SELECT 1 / 0;");
      await assert.rejects(run(), { code: "22012" });
      assert.deepEqual(await query(url, "SELECT to_regclass('two') AS two"), [{ two: null }]);
      await writeFile(join(path, "0001_one.sql"), "CREATE TABLE one (a integer);");
      await assert.rejects(run(), { reason: "INVARIANT_BROKEN" });
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });
});

describe("the drizzle schema", () => {
  const COLUMNS = `SELECT c.relname AS table_name, a.attname AS name,
      format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
      coalesce((SELECT true FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
        AND a.attnum = ANY (i.indkey)), false) AS is_primary
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition AND c.relname <> 'schema_migrations'
      AND a.attnum > 0 AND NOT a.attisdropped`;

  /** format_type spells out what drizzle abbreviates. */
  const typeName = (type: string) =>
    type === "timestamp with time zone" ? type : type.replace("serial", "integer");

  const allTables = async (): Promise<readonly PgTable[]> => {
    const folder = new URL("tables/", import.meta.url);
    const names = await readdir(folder);
    const modules = await Promise.all(names.map((name) => import(new URL(name, folder).href)));
    return modules.flatMap((module: Readonly<Record<string, unknown>>) =>
      Object.values(module).filter((value) => is(value, PgTable)),
    );
  };

  const describeColumns = (tables: readonly PgTable[]) =>
    tables
      .flatMap((table) => {
        const config = getTableConfig(table);
        const keys = new Set(
          config.primaryKeys.flatMap((key) => key.columns.map((column) => column.name)),
        );
        return config.columns.map((column) => {
          const isPrimary = column.primary || keys.has(column.name);
          const fields = [
            config.name,
            column.name,
            typeName(column.getSQLType()),
            column.notNull || isPrimary ? "not null" : "null",
            isPrimary ? "key" : "",
          ];
          return fields.join(" ");
        });
      })
      .sort();

  it("says what the migrations made, column by column", async () => {
    const url = await postgres.createDatabase("drift");
    await migrate({ url, log: silentLogger });
    const rows = await query(url, COLUMNS);
    const inDatabase = rows
      .map((row) =>
        [
          row["table_name"],
          row["name"],
          row["type"],
          row["not_null"] ? "not null" : "null",
          row["is_primary"] ? "key" : "",
        ].join(" "),
      )
      .sort();
    assert.deepEqual(describeColumns(await allTables()), inDatabase);
  });
});
