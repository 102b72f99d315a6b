import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { findNetdevFirmware } from "./driver-info.ts";

const read = (stdout: string) =>
  findNetdevFirmware(
    createScriptedHost({ commands: { "ethtool -i enp130s0f0np0": { stdout } } }),
    "enp130s0f0np0",
  );

describe("findNetdevFirmware", () => {
  it("reads the version and the PSID behind it", async () => {
    assert.deepEqual(await read(fixture(import.meta.url, "driver-info.reference.txt")), {
      version: "22.39.1002",
      psid: "DEL0000000027",
    });
  });

  it("finds nothing where the driver has no firmware", async () => {
    assert.equal(await read("driver: tun\nfirmware-version: \n"), undefined);
  });
});
