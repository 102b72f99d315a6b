import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CommandError, isOutcomeUnknown } from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { createLinuxHost } from "../linux/linux-host.ts";
import { runChecked } from "./tool.ts";

const host = createLinuxHost({ kind: "real", log: silentLogger, clock: systemClock });
const run = (script: string) => runChecked(host, { argv: ["sh", "-c", script] });

describe("runChecked", () => {
  it("says of a program that fails that it did nothing more", async () => {
    await assert.rejects(run("exit 3"), (error: CommandError) => {
      assert.equal(error.metadata["exitCode"], "3");
      return !isOutcomeUnknown(error);
    });
  });

  it("leaves open what a program did that somebody killed", async () => {
    for (const [signal, status] of [
      ["TERM", "143"],
      ["KILL", "137"],
    ] as const) {
      await assert.rejects(run(`kill -${signal} $$`), (error: CommandError) => {
        assert.equal(error.metadata["exitCode"], status);
        return isOutcomeUnknown(error);
      });
    }
  });
});
