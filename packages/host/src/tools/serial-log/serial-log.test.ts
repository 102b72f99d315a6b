import assert from "node:assert/strict";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { createLinuxHost } from "../../linux/linux-host.ts";
import { boundSerialLog, readSerialLog, type SerialLogPaths } from "./serial-log.ts";

const host = createLinuxHost({ kind: "real", log: silentLogger, clock: systemClock });
const BOUNDS = { maxBytes: 100, keepBytes: 40 };

describe("a VM's serial log", () => {
  let folder = "";
  let paths: SerialLogPaths;
  let qemu: FileHandle;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-serial-"));
    paths = {
      serialLog: join(folder, "log"),
      serialOldLog: join(folder, "old"),
      serialBase: join(folder, "base"),
    };
    // As QEMU holds it: open all the time, for appending.
    qemu = await open(paths.serialLog, "a");
  });
  afterEach(async () => {
    await qemu.close();
    await rm(folder, { recursive: true });
  });
  const lines = (from: number, to: number) =>
    Array.from(
      { length: to - from + 1 },
      (_, at) => `line ${String(from + at).padStart(4, "0")}\n`,
    );
  const write = (from: number, to: number) => qemu.write(lines(from, to).join(""));
  const read = (fromByte: number | undefined, tailBytes = 0, maxBytes = 1000) =>
    readSerialLog(host, paths, { fromByte, tailBytes, maxBytes });

  it("shows its end, and goes on where the last piece ended", async () => {
    await write(1, 5);
    const tail = await read(undefined, 20);
    assert.deepEqual(tail, {
      text: lines(4, 5).join(""),
      startByte: 30,
      nextByte: 50,
      endByte: 50,
      isGap: false,
    });
    await write(6, 6);
    assert.equal((await read(tail.nextByte)).text, "line 0006\n");
    assert.equal((await read(60)).text, "");
  });

  it("is cut above its bound while QEMU writes, and keeps its end", async () => {
    await write(1, 10);
    assert.equal(await boundSerialLog(host, paths, BOUNDS), false);
    await write(11, 12);
    assert.equal(await boundSerialLog(host, paths, BOUNDS), true);
    assert.equal(await boundSerialLog(host, paths, BOUNDS), false);
    await write(13, 13);
    assert.equal((await qemu.stat()).size, 10);
    const old = await read(undefined, 1000);
    assert.deepEqual([old.text, old.startByte, old.nextByte], [lines(9, 12).join(""), 80, 120]);
    const rest = await read(old.nextByte);
    assert.deepEqual([rest.text, rest.startByte, rest.isGap], ["line 0013\n", 120, false]);
  });

  it("says that what was asked for is no longer kept", async () => {
    for (const round of [0, 1, 2]) {
      await write(1 + round * 12, 12 + round * 12);
      await boundSerialLog(host, paths, BOUNDS);
    }
    const piece = await read(10);
    assert.deepEqual([piece.startByte, piece.isGap, piece.endByte], [320, true, 360]);
    assert.equal(piece.text, lines(33, 36).join(""));
  });

  it("hands out no more than was asked for", async () => {
    await write(1, 9);
    const piece = await read(0, 0, 25);
    assert.deepEqual([piece.text.length, piece.nextByte, piece.endByte], [25, 25, 90]);
  });

  it("is empty where there is none", async () => {
    await rm(paths.serialLog);
    assert.deepEqual(await read(undefined, 100), {
      text: "",
      startByte: 0,
      nextByte: 0,
      endByte: 0,
      isGap: false,
    });
  });
});
