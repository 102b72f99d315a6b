import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { systemClock, systemRandom } from "@switchyard/runtime";
import { checkConfig } from "../check-config.ts";
import { INIT_FILES, initFolder } from "./init-folder.ts";

describe("initFolder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-init-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const names = ["controller.example", "10.0.0.5"];
  const init = (change: Partial<{ readonly names: readonly string[] }> = {}) =>
    initFolder({ folder, names, clock: systemClock, random: systemRandom, ...change });
  const at = (name: keyof typeof INIT_FILES) => join(folder, INIT_FILES[name]);
  const environment = () => ({
    SY_CONFIG: join(folder, "absent.yaml"),
    SY_DATA_FOLDER: join(folder, "data"),
    SY_LISTEN: "0.0.0.0:7443",
    SY_DATABASE_URL: "postgres://switchyard:secret@db.example/switchyard",
    SY_NATS_SERVERS: "nats.example:4222",
    SY_NATS_SEED_FILE: at("natsSeed"),
    SY_NATS_CA_FILE: at("authority"),
    SY_NATS_USERS_FILE: at("natsUsers"),
    SY_CLUSTER_KEY_FILE: at("clusterKey"),
    SY_TOKENS_FILE: at("tokens"),
    SY_TLS_CERT_FILE: at("certificate"),
    SY_TLS_KEY_FILE: at("certificateKey"),
  });

  it("makes what a controller's configuration needs, and keeps secrets to their owner", async () => {
    assert.equal((await init()).length, Object.keys(INIT_FILES).length);
    const said = (await checkConfig(environment())).join("\n");
    assert.match(said, /0\.0\.0\.0:7443, TLS, 1 tokens/);
    assert.match(said, /told by whoever watches the file/);
    assert.doesNotMatch(said, /secret/);
    for (const name of ["clusterKey", "natsSeed", "authorityKey", "adminToken"] as const) {
      assert.equal((await stat(at(name))).mode & 0o777, 0o600, name);
    }
    const certificate = new X509Certificate(await readFile(at("certificate")));
    assert.equal(certificate.checkIP("10.0.0.5"), "10.0.0.5");
  });

  it("leaves all as it is the second time", async () => {
    await init();
    const before = await readFile(at("clusterKey"), "utf8");
    assert.deepEqual(await init(), []);
    assert.equal(await readFile(at("clusterKey"), "utf8"), before);
  });

  it("makes a certificate for other names by the same authority once the old one is away", async () => {
    await init();
    for (const name of ["certificate", "certificateKey"] as const) await rm(at(name));
    const made = await init({ names: ["other.example"] });
    assert.deepEqual(made, [at("certificateKey"), at("certificate")]);
    const [server, authority] = await Promise.all(
      (["certificate", "authority"] as const).map(async (name) => {
        return new X509Certificate(await readFile(at(name)));
      }),
    );
    assert.ok(authority !== undefined && server?.checkIssued(authority));
  });

  it("refuses half of a pair, and names that no certificate can carry", async () => {
    await init();
    await rm(at("authorityKey"));
    await assert.rejects(init(), { reason: "FIELD_INVALID" });
    await assert.rejects(init({ names: [] }), { reason: "FIELD_INVALID" });
    await assert.rejects(init({ names: ["no name"] }), { reason: "FIELD_INVALID" });
  });

  it("makes nothing while a configuration is checked, and names what can't be used", async () => {
    await init();
    await checkConfig(environment());
    await assert.rejects(stat(join(folder, "data")), { code: "ENOENT" });
    const wrong: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ["listen", { SY_LISTEN: "everywhere" }],
      ["database_url", { SY_DATABASE_URL: "db.example" }],
      ["nats_seed_file", { SY_NATS_SEED_FILE: at("tokens") }],
      ["nats_ca_file", { SY_NATS_CA_FILE: "/nowhere.pem" }],
    ];
    for (const [key, change] of wrong) {
      await assert.rejects(
        checkConfig({ ...environment(), ...change }),
        (error: { readonly metadata: Readonly<Record<string, string>> }) =>
          error.metadata["subject"] === key,
        key,
      );
    }
  });
});
