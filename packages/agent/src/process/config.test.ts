import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { loadConfig } from "./config.ts";

describe("loadConfig", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "config-"));
    path = join(folder, "agent.yaml");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("reads the file, and lets the environment win", async () => {
    await writeFile(
      path,
      "host: host-a\nnats_servers: [a:1, b:2]\nheartbeat_interval_ms: 2000\ndead_man_ms: 20000\n",
    );
    const config = await loadConfig({ SY_CONFIG: path, SY_HOST: "host-b", SY_LOG_LEVEL: "debug" });
    assert.equal(config.host, "host-b");
    assert.equal(config.logLevel, "debug");
    assert.deepEqual(config.natsServers, ["a:1", "b:2"]);
    assert.deepEqual(config.intervals, { heartbeatMs: 2000, sampleMs: 1000 });
    assert.equal(config.deadManMs, 20_000);
    assert.equal(config.dataFolder, "/var/lib/switchyard/agent");
  });

  it("needs no file", async () => {
    const config = await loadConfig({
      SY_CONFIG: path,
      SY_HOST: "host-a",
      SY_NATS_SERVERS: "a, b",
    });
    assert.deepEqual(config.natsServers, ["a", "b"]);
    assert.equal(config.hostKind, "real");
    assert.equal(config.httpListen, "127.0.0.1:7481");
  });

  it("serves no metrics where it is told so", async () => {
    const config = await loadConfig({ SY_CONFIG: path, SY_HOST: "a", SY_HTTP_LISTEN: "off" });
    assert.equal(config.httpListen, undefined);
  });

  const refused: readonly (readonly [what: string, text: string])[] = [
    ["a host without a name", "data_folder: /x\n"],
    ["a malformed name", "host: Host_A\n"],
    ["an unknown key", "host: a\nhosts: b\n"],
    ["a number where text belongs", "host: a\ndata_folder: 5\n"],
    ["an unknown log level", "host: a\nlog_level: loud\n"],
    ["an interval too short", "host: a\ninventory_interval_ms: 5\n"],
    ["a dead-man's time too short", "host: a\ndead_man_ms: 5\n"],
    ["servers that are no list", "host: a\nnats_servers: {a: b}\n"],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, async () => {
      await writeFile(path, text);
      await assert.rejects(loadConfig({ SY_CONFIG: path }), { name: "InvalidInputError" });
    });
  }
});
