import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tryDataFolder } from "./data-folder-lock.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sy-restore-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the agent's program as the unit does. */
async function runMain(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env["PATH"], SY_HOST: "r740-01", SY_DATA_FOLDER: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => chunks.push(String(chunk)));
  }
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, said: chunks.join("") };
}

describe("agent restore", () => {
  it("ends well on a host to which nothing was applied", async () => {
    const { status, said } = await runMain("restore");
    assert.equal(status, 0, said);
    assert.match(said, /no datapath to be made again/);
  });

  it("leaves the host to the agent that runs", async () => {
    const lock = await tryDataFolder(folder);
    const { status, said } = await runMain("restore");
    await lock?.release();
    assert.equal(status, 0, said);
    assert.match(said, /the agent runs/);
  });

  it("takes no other words", async () => {
    const { status, said } = await runMain("restore", "now");
    assert.equal(status, 2);
    assert.match(said, /usage: agent \[restore \| --check-config\]/);
  });
});
