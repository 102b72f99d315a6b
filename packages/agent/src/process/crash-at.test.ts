import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";

const SOURCE = `
  import { createCrashAt } from ${JSON.stringify(import.meta.resolve("./crash-at.ts"))};
  import { silentLogger, systemClock } from ${JSON.stringify(import.meta.resolve("@switchyard/runtime"))};
  const crash = createCrashAt(process.argv[1], { clock: systemClock, log: silentLogger });
  await crash.reach({ job: "noop", step: "noop", phase: "before-intent" });
  await crash.reach({ job: "apply-host", step: "ensureVfCount", phase: "after-intent" });
  process.exit(7);
`;

const run = (place: string) =>
  spawnSync(process.execPath, ["--input-type=module", "--eval", SOURCE, place], {
    timeout: 30_000,
  });

describe("createCrashAt", () => {
  it("kills the process at the place named, as kill -9 would", () => {
    assert.equal(run("apply-host:ensureVfCount:after-intent").signal, "SIGKILL");
  });

  it("does nothing anywhere else", () => {
    assert.equal(run("apply-host:ensureVfCount:after-done").status, 7);
  });
});
