import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { bundleOnce, RUN_BUNDLES } from "./bundle-once.ts";

describe("bundling in a run of tests", () => {
  const outside = process.env[RUN_BUNDLES];
  let folder: string;
  let entry: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-bundles-"));
    entry = join(folder, "entry.ts");
    await mkdir(join(folder, "run"));
    process.env[RUN_BUNDLES] = join(folder, "run");
    await writeFile(entry, 'console.log("first");\n');
  });
  afterEach(async () => {
    if (outside === undefined) delete process.env[RUN_BUNDLES];
    else process.env[RUN_BUNDLES] = outside;
    await rm(folder, { recursive: true, force: true });
  });
  const make = async (name: string) => {
    const path = join(folder, name, "program.mjs");
    await bundleOnce(entry, path);
    return readFile(path, "utf8");
  };

  it("makes a program once, also for those who want it at the same time", async () => {
    const made = await Promise.all(["a", "b", "c"].map(make));
    assert.equal(new Set(made).size, 1);
    await writeFile(entry, 'console.log("second");\n');
    assert.equal(await make("d"), made[0]);
  });

  it("makes it anew for another run", async () => {
    await make("a");
    await writeFile(entry, 'console.log("second");\n');
    process.env[RUN_BUNDLES] = join(folder, "next");
    await mkdir(join(folder, "next"));
    assert.match(await make("b"), /second/);
  });

  it("bundles each time where nobody runs tests", async () => {
    delete process.env[RUN_BUNDLES];
    await make("a");
    await writeFile(entry, 'console.log("second");\n');
    assert.match(await make("b"), /second/);
  });

  it("keeps nothing of a program that can't be bundled", async () => {
    await writeFile(entry, 'import "./not-there.ts";\n');
    await assert.rejects(make("a"));
    await writeFile(entry, 'console.log("mended");\n');
    assert.match(await make("b"), /mended/);
  });
});
