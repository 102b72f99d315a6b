import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "@switchyard/runtime";
import { execa } from "execa";
import { takeFileLock } from "./file-lock.ts";

const clock = systemClock;
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sy-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("takeFileLock", () => {
  it("gives the lock to one, and to the next once it is released", async () => {
    const path = join(folder, "state", "lock");
    const first = await takeFileLock(path, { clock, timeoutMs: 0 });
    assert.ok(first !== undefined);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await takeFileLock(path, { clock, timeoutMs: 0 }), undefined);
    await first.release();
    const second = await takeFileLock(path, { clock, timeoutMs: 0 });
    assert.ok(second !== undefined);
    await second.release();
  });

  it("is kept though nobody looks at it again", async () => {
    const path = join(folder, "lock");
    assert.ok((await takeFileLock(path, { clock, timeoutMs: 0 })) !== undefined);
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    for (let round = 0; round < 3; round += 1) {
      collectGarbage();
      // What the collector found is closed in a turn of the event loop.
      await setImmediate();
    }
    assert.equal(await takeFileLock(path, { clock, timeoutMs: 0 }), undefined);
  });

  it("waits for others to let go", async () => {
    const path = join(folder, "lock");
    const first = await takeFileLock(path, { clock, timeoutMs: 0 });
    const waiting = takeFileLock(path, { clock, timeoutMs: 30_000 });
    await first?.release();
    const second = await waiting;
    assert.ok(second !== undefined);
    await second.release();
  });

  it("stops waiting when told to", async () => {
    const path = join(folder, "lock");
    const first = await takeFileLock(path, { clock, timeoutMs: 0 });
    const abort = new AbortController();
    const waiting = takeFileLock(path, { clock, timeoutMs: 600_000, signal: abort.signal });
    abort.abort();
    assert.equal(await waiting, undefined);
    await first?.release();
  });

  it("is let go by the kernel when its process is killed, and not held by what it started", async () => {
    const path = join(folder, "lock");
    const module = new URL("./file-lock.ts", import.meta.url).href;
    const program = `
      import { spawn } from "node:child_process";
      const { takeFileLock } = await import(${JSON.stringify(module)});
      const { systemClock } = await import("@switchyard/runtime");
      await takeFileLock(${JSON.stringify(path)}, { clock: systemClock, timeoutMs: 0 });
      const left = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
      console.log(left.pid);
      await new Promise((resolve) => process.stdin.once("end", resolve).resume());`;
    const holder = execa(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: new URL(".", import.meta.url).pathname,
      reject: false,
    });
    const pid = await new Promise<number>((resolve) =>
      holder.stdout.once("data", (text) => resolve(Number(text))),
    );
    try {
      assert.equal(await takeFileLock(path, { clock, timeoutMs: 0 }), undefined);
      holder.kill("SIGKILL");
      await holder;
      const lock = await takeFileLock(path, { clock, timeoutMs: 0 });
      assert.ok(lock !== undefined);
      await lock.release();
    } finally {
      process.kill(pid, "SIGKILL");
    }
  });
});
