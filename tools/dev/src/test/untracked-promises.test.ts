import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

const PRELOADED = new URL("untracked-promises.ts", import.meta.url).href;

const LATER = `const later = (end) => new Promise((resolve) => setTimeout(resolve, end));`;
const BODIES = {
  "a rejection that nobody handles": `void later(1).then(() => { throw new Error("stray"); }); await later(20);`,
  "an error in a timer": `setTimeout(() => { throw new Error("stray"); }, 1); await later(20);`,
  "an error of the test itself": `await later(1); throw new Error("stray");`,
};

describe("a test file whose promises the runner does not follow", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sy-test-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (body: string) => {
    const file = join(folder, "stray.test.mjs");
    const ids = `console.log("promise's id:", executionAsyncId());`;
    writeFileSync(
      file,
      `import { it } from "node:test";\nimport { executionAsyncId } from "node:async_hooks";\n${LATER}\n` +
        `it("ends", async () => { await null; ${ids} ${body} });\n`,
    );
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const args = ["--test", `--import=${PRELOADED}`, file];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    return { status, output: stdout + stderr };
  };

  it("passes where all is well, with promises that have no id", () => {
    const { status, output } = run("await later(1);");
    assert.equal(status, 0, output);
    assert.match(output, /promise's id: 0/);
  });

  for (const [what, body] of Object.entries(BODIES)) {
    it(`fails by ${what}, and says where it was`, () => {
      const { status, output } = run(body);
      assert.equal(status, 1, output);
      assert.match(output, /Error: stray\n\s+at .*stray\.test\.mjs:4/, output);
    });
  }
});
