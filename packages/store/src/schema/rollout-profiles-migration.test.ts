import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseProfileId, parseRolloutId } from "@switchyard/model";
import { silentLogger } from "@switchyard/runtime";
import { startPostgres, type TestPostgres } from "@switchyard/testkit";
import pg from "pg";
import { openStore } from "../testing/test-store.ts";
import { migrate } from "./migrate.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/", import.meta.url));
const OURS = /_rollout-profiles\.sql$/;
const UID = "00000000-0000-4000-8000-000000000001";

/** A rollout as the release before kept it, which brought its profile to generation 3. */
const rolloutIn = (state: string, endedAt: string) => `
  INSERT INTO profiles (name, uid, spec, generation) VALUES ('blue', '${UID}', '{"now":true}', 4);
  INSERT INTO hosts (name, uid, labels, state, host_epoch, nkey_public, shard, agent_version)
    VALUES ('h1', '${UID}', '{}', 'ready', 1, 'U1', 0, '1');
  INSERT INTO rollouts (name, uid, actor, profile, spec, state, wave_count, target_generation, target_spec, ended_at)
    VALUES ('old', '${UID}', 'a', 'blue', '{"profile":"blue","selector":{}}', '${state}', 1, 3, '{"was":true}', ${endedAt});
  INSERT INTO rollout_hosts (rollout, host, wave, hardware_class) VALUES ('old', 'h1', 1, 'x');
  INSERT INTO changes (kind, key, operation, record) VALUES ('rollouts', 'old', 'created',
    '{"id":"old","targetGeneration":3,"spec":{"profile":"blue","selector":{}}}');`;

describe("the migration to several profiles of a rollout", () => {
  let postgres: TestPostgres;
  let before24: string;
  before(async () => {
    postgres = await startPostgres();
    before24 = await mkdtemp(join(tmpdir(), "sy-migrations-"));
    const all = (await readdir(MIGRATIONS)).sort();
    const old = all.slice(
      0,
      all.findIndex((name) => OURS.test(name)),
    );
    for (const name of old) await copyFile(join(MIGRATIONS, name), join(before24, name));
  });
  after(async () => {
    await postgres.stop();
    await rm(before24, { recursive: true, force: true });
  });

  async function query(url: string, text: string) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  async function databaseOfOldRelease(name: string, text: string) {
    const url = await postgres.createDatabase(name);
    await migrate({ url, log: silentLogger, folder: pathToFileURL(`${before24}/`) });
    await query(url, text);
    return { url, run: () => migrate({ url, log: silentLogger }) };
  }

  it("gives a rollout that ended its one profile, in the log of changes too", async () => {
    const { url, run } = await databaseOfOldRelease("ended", rolloutIn("succeeded", "now()"));
    await run();
    const store = await openStore(url);
    try {
      const { spec, profiles } = await store.reads.rollouts.get(parseRolloutId("old"));
      assert.deepEqual(spec, { profiles: ["blue"], selector: {} });
      assert.deepEqual(
        profiles.map(({ profile, targetGeneration }) => [profile, targetGeneration]),
        [["blue", 3]],
      );
      const blue = parseProfileId("blue");
      assert.equal(await store.reads.rollouts.findLive(blue), undefined);
      const versions = await store.reads.profiles.findVersions(blue, [3, 4]);
      assert.deepEqual([versions.get(3), versions.get(4)], [{ was: true }, { now: true }]);
      const [change] = await query(url, "SELECT record FROM changes WHERE kind = 'rollouts'");
      const record = change?.["record"] as { spec: unknown; profiles: unknown[] };
      assert.deepEqual(record.spec, { profiles: ["blue"], selector: {} });
      assert.equal(record.profiles.length, 1);
    } finally {
      await store.close();
    }
  });

  it("waits for rollouts that are under way", async () => {
    const { run } = await databaseOfOldRelease("in_flight", rolloutIn("running", "NULL"));
    await assert.rejects(run(), /rollouts are under way/);
  });
});
