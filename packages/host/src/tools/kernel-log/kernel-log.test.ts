import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePciAddress } from "@switchyard/model";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { findLoggedFirmware } from "./kernel-log.ts";

const PF = parsePciAddress("0000:82:00.0");
const find = (stdout: string) =>
  findLoggedFirmware(createScriptedHost({ commands: { dmesg: { stdout } } }), PF);

describe("findLoggedFirmware", () => {
  it("takes what the driver found when it last loaded", async () => {
    const line = (pf: string, version: string) =>
      `[    3.1] mlx5_core ${pf}: firmware version: ${version}\n`;
    const log = `${line(PF, "22.27.6106")}${line("0000:82:00.1", "16.35.1012")}${line(PF, "22.39.1002")}`;
    assert.equal(await find(log), "22.39.1002");
  });

  it("does not know what the log has forgotten", async () => {
    assert.equal(await find("[    9.0] random: crng init done\n"), undefined);
  });
});
