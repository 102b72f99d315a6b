import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SwitchyardError } from "@switchyard/model";
import { type Environment, systemRandom } from "@switchyard/runtime";
import { loadConfig } from "./config.ts";

const SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

describe("loadConfig", () => {
  let folder: string;
  let whole: Environment;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-config-"));
    const file = async (name: string, text: string): Promise<string> => {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    };
    whole = {
      SY_CONFIG: await file(
        "controller.yaml",
        "database_url: postgres://file/db\nlisten: 0.0.0.0:7443\nnats_servers: [nats-1:4222]\n",
      ),
      SY_DATA_FOLDER: folder,
      SY_CLUSTER_KEY_FILE: await file("cluster.key", `${"k".repeat(64)}\n`),
      SY_NATS_SEED_FILE: await file("nats.seed", "SUSEED\n"),
      SY_TOKENS_FILE: await file("tokens.yaml", `- {name: ada, role: admin, sha256: ${SHA256}}\n`),
    };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const load = (change: Environment = {}) => loadConfig({ ...whole, ...change }, systemRandom);
  const refusedAt = (key: string) => (error: unknown) =>
    error instanceof SwitchyardError &&
    error.reason === "CONFIG_INVALID" &&
    error.metadata["subject"] === key;

  it("reads the file, and lets variables win", async () => {
    const config = await load({ SY_DATABASE_URL: "postgres://environment/db" });
    assert.equal(config.databaseUrl, "postgres://environment/db");
    assert.equal(config.listen.address, "0.0.0.0:7443");
    assert.deepEqual(config.nats.servers, ["nats-1:4222"]);
    assert.equal(config.nats.seed, "SUSEED");
    assert.deepEqual(config.tokens, [{ name: "ada", role: "admin", sha256: SHA256 }]);
  });

  it("serves metrics on loopback unless told where, or not to", async () => {
    assert.deepEqual((await load()).gateway, { address: "127.0.0.1:7480", hasSamples: true });
    const other = { SY_HTTP_LISTEN: "10.0.0.1:9090", SY_METRICS_SAMPLES: "false" };
    assert.deepEqual((await load(other)).gateway, { address: "10.0.0.1:9090", hasSamples: false });
    assert.equal((await load({ SY_HTTP_LISTEN: "off" })).gateway, undefined);
  });

  it("keeps the signing key it made at the first start", async () => {
    const [first, second] = [await load(), await load()];
    assert.equal(first.nats.signingKey.keyId, second.nats.signingKey.keyId);
  });

  it("is for TLS and for nobody without a token unless told otherwise", async () => {
    const { listen } = await load();
    assert.deepEqual(listen, { address: "0.0.0.0:7443", tls: undefined, insecureLoopback: false });
  });

  it("names the key that is wrong", async () => {
    const short = join(folder, "short.key");
    await writeFile(short, "short");
    const cases: readonly (readonly [string, Environment])[] = [
      ["log_level", { SY_LOG_LEVEL: "loud" }],
      ["cluster_key_file", { SY_CLUSTER_KEY_FILE: short }],
      ["cluster_key_file", { SY_CLUSTER_KEY_FILE: "" }],
      ["tls_key_file", { SY_TLS_CERT_FILE: "/a.pem" }],
      ["nats_seed_file", { SY_NATS_SEED_FILE: join(folder, "absent.nk") }],
      ["insecure_loopback", { SY_INSECURE_LOOPBACK: "maybe" }],
      ["tokens_file", { SY_TOKENS_FILE: whole["SY_CONFIG"] }],
    ];
    for (const [key, change] of cases) await assert.rejects(load(change), refusedAt(key), key);
  });

  it("refuses a key it does not know", async () => {
    const path = join(folder, "typo.yaml");
    await writeFile(path, "database_ulr: postgres://x/y\n");
    await assert.rejects(load({ SY_CONFIG: path }), refusedAt("database_ulr"));
  });
});
