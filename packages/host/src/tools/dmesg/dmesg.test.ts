import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { readKernelLog } from "./dmesg.ts";

describe("readKernelLog", () => {
  it("gives the lines in order", async () => {
    const stdout = "[    1.000000] one\n[    2.000000] two\n";
    const host = createScriptedHost({ commands: { dmesg: { stdout } } });
    assert.deepEqual(await readKernelLog(host), ["[    1.000000] one", "[    2.000000] two"]);
  });

  it("fails where the kernel does not let it be read", async () => {
    const stderr = "dmesg: read kernel buffer failed: Operation not permitted\n";
    const host = createScriptedHost({ commands: { dmesg: { exitCode: 1, stderr } } });
    await assert.rejects(readKernelLog(host), { reason: "COMMAND_FAILED" });
  });
});
