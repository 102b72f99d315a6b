import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ensureReachableCopy, isReachableByOthers, movedPath } from "./reachable-copy.ts";

const owner = userInfo().uid;

describe("ensureReachableCopy", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sy-copy-"));
    mkdirSync(join(folder, "package", "bin"), { recursive: true });
    writeFileSync(join(folder, "package", "bin", "initdb"), "1", { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is needed below a folder that only its owner may pass through", () => {
    const programs = join(folder, "package");
    assert.equal(isReachableByOthers(programs), false);
    chmodSync(folder, 0o711);
    assert.equal(isReachableByOthers(programs), true);
  });

  it("copies whole, once, and leaves nothing beside the copy", () => {
    const programs = join(folder, "package");
    const options = { parent: folder, name: "copy-1", owner };
    const copy = ensureReachableCopy(programs, options);
    writeFileSync(join(programs, "bin", "initdb"), "2");
    assert.equal(ensureReachableCopy(programs, options), copy);
    assert.equal(
      readFileSync(movedPath(join(programs, "bin/initdb"), programs, copy), "utf8"),
      "1",
    );
  });

  it("does not believe a copy that belongs to somebody else", () => {
    mkdirSync(join(folder, "copy-1", "bin"), { recursive: true });
    const options = { parent: folder, name: "copy-1", owner: owner + 1 };
    assert.throws(() => ensureReachableCopy(join(folder, "package"), options), /ENOTEMPTY/);
  });
});
