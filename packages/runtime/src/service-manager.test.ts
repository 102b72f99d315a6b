import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { silentLogger } from "./log.ts";
import { notifyReady } from "./service-manager.ts";

describe("notifyReady", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-notify-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("has systemd-notify tell the socket that the unit names", async () => {
    const program = join(folder, "systemd-notify");
    const told = join(folder, "told");
    await writeFile(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" > ${told}\n`);
    await chmod(program, 0o755);
    await notifyReady({ NOTIFY_SOCKET: "/run/n", PATH: folder }, silentLogger);
    assert.equal(await readFile(told, "utf8"), "/run/n --ready\n");
  });

  it("tells nobody outside a unit, and only logs what it can't tell", async () => {
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (_: object, text: string) => void warnings.push(text) };
    await notifyReady({ PATH: folder }, log);
    await notifyReady({ NOTIFY_SOCKET: "", PATH: folder }, log);
    assert.deepEqual(warnings, []);
    await notifyReady({ NOTIFY_SOCKET: "/run/n", PATH: folder }, log);
    assert.equal(warnings.length, 1);
  });
});
