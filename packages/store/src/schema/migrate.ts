import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { StoreError } from "@switchyard/model";
import type { Logger } from "@switchyard/runtime";
import pg from "pg";
import { toStoreError } from "../connection/database-error.ts";

const FOLDER = new URL("../../migrations/", import.meta.url);
const FILE = /^(\d{4})_[a-z0-9-]+\.sql$/;

/** Any number, the same in every release: controllers that start together migrate one after the other. */
const ADVISORY_LOCK = 7_203_112_904;

/** Bound of waiting for another controller's migration. */
const LOCK_TIMEOUT_MS = 120_000;

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly digest: string;
}

async function readMigrations(folder: URL): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), "utf8");
      const digest = createHash("sha256").update(text).digest("hex");
      return { number: Number(name.slice(0, 4)), name, text, digest };
    }),
  );
}

async function appliedDigests(client: pg.Client): Promise<ReadonlyMap<number, string>> {
  await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now())`);
  const { rows } = await client.query<{ number: number; digest: string }>(
    "SELECT number, digest FROM schema_migrations",
  );
  return new Map(rows.map((row) => [row.number, row.digest]));
}

/** A release runs on a database that a newer one migrated; it refuses one whose history differs. */
function checkHistory(migration: Migration, digest: string): void {
  if (digest === migration.digest) return;
  throw new StoreError(
    "INVARIANT_BROKEN",
    `migration ${migration.name} was changed after it ran on this database`,
    { found: digest, needs: migration.digest },
  );
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query("BEGIN");
  await client.query(migration.text);
  await client.query("INSERT INTO schema_migrations (number, name, digest) VALUES ($1, $2, $3)", [
    migration.number,
    migration.name,
    migration.digest,
  ]);
  await client.query("COMMIT");
}

export interface MigrateOptions {
  readonly url: string;
  readonly log: Logger;
  /** Folder of `NNNN_name.sql`; this package's own unless told. */
  readonly folder?: URL;
}

/**
 * Runs the migrations that have not run yet, each in a transaction of its own, under one advisory lock on a
 * connection of its own. May run twice and from several controllers at once.
 *
 * @throws StoreError INVARIANT_BROKEN where a migration was edited after it ran, DATABASE_UNAVAILABLE
 * @returns names of the migrations that ran now
 */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  const migrations = await readMigrations(options.folder ?? FOLDER);
  const client = new pg.Client({
    connectionString: options.url,
    application_name: "switchyard-migrate",
    lock_timeout: LOCK_TIMEOUT_MS,
  });
  client.on("error", (error) => options.log.warn({ err: error }, "database connection broke"));
  try {
    await client.connect();
    await client.query("SELECT pg_advisory_lock($1)", [ADVISORY_LOCK]);
    const applied = await appliedDigests(client);
    const ran: string[] = [];
    for (const migration of migrations) {
      const digest = applied.get(migration.number);
      if (digest !== undefined) checkHistory(migration, digest);
      else {
        await apply(client, migration);
        ran.push(migration.name);
        options.log.info({ migration: migration.name }, "database migrated");
      }
    }
    return ran;
  } catch (error) {
    throw toStoreError(error, false);
  } finally {
    // The end of the session gives the lock back.
    await client.end().catch(() => undefined);
  }
}
