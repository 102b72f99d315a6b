import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { findIpmiWatts } from "./ipmi.ts";

const read = (reply?: Reply) =>
  findIpmiWatts(
    createScriptedHost({
      commands: reply === undefined ? {} : { "ipmitool dcmi power reading": reply },
    }),
  );
const READING = fixture(import.meta.url, "power-reading.ipmitool-1.8.19.txt");

describe("findIpmiWatts", () => {
  it("reads watts from releases that end a line after the timestamp and that do not", async () => {
    assert.equal(await read({ stdout: READING }), 187);
    assert.equal(await read({ stdout: READING.replace("UTC ", "UTC\n") }), 187);
  });

  it("finds none where the program, the device or the measuring is not there", async () => {
    const stderr =
      "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n";
    assert.equal(await read(), undefined);
    assert.equal(await read({ exitCode: 1, stderr }), undefined);
    const off = READING.replace(" activated", " deactivated");
    assert.equal(await read({ stdout: off }), undefined);
  });

  it("fails where the BMC refuses", async () => {
    const stderr = "DCMI request failed because: Command not supported in present state (c1)\n";
    await assert.rejects(read({ exitCode: 1, stderr }), { reason: "COMMAND_FAILED" });
  });
});
