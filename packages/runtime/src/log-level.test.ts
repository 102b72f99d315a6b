import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createLogger, type LogLevel } from "./log.ts";
import { followLogLevel } from "./log-level.ts";
import { nextTurn } from "./turn.ts";

describe("followLogLevel", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-log-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("changes the level of a logger and of its children with a SIGHUP, and keeps it where there is none", async () => {
    const file = join(folder, "log");
    const log = createLogger({ name: "test", level: "info", file });
    const part = log.child({ part: "relay" });
    const signals = new EventEmitter();
    const levels: (LogLevel | undefined)[] = ["debug", undefined, "error"];
    const read = async () => {
      const level = levels.shift();
      if (level === undefined) throw new RangeError("no such level");
      return level;
    };
    const following = followLogLevel(log, read, signals as unknown as NodeJS.Process);
    const told = async (level: LogLevel, left: number) => {
      signals.emit("SIGHUP");
      while (levels.length > left || log.level !== level) await nextTurn();
    };

    part.debug({}, "before");
    await told("debug", 2);
    part.debug({}, "looked into");
    await told("debug", 1);
    part.debug({}, "still looked into");
    await told("error", 0);
    part.warn({}, "after");
    part.error({ token: "t0p" }, "kept");
    await following.stop();
    assert.equal(signals.listenerCount("SIGHUP"), 0);

    let text = "";
    while (!text.includes('"kept"')) text = await readFile(file, "utf8").catch(() => "");
    const said = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      said.map(({ msg }) => msg),
      [
        "the log level was read again",
        "looked into",
        "the log level stays as it is",
        "still looked into",
        "the log level was read again",
        "kept",
      ],
    );
    assert.deepEqual([said[0]?.["from"], said[0]?.["to"]], ["info", "debug"]);
    assert.equal(said.at(-1)?.["token"], "[Redacted]");
  });
});
