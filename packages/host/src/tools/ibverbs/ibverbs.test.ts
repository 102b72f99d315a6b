import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePciAddress } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listRdmaDevices, readRdmaFirmware } from "./ibverbs.ts";

describe("listRdmaDevices", () => {
  it("reads firmware and PSID of each device", async () => {
    const stdout = fixture(import.meta.url, "ibv-devinfo.reference.txt");
    const host = createScriptedHost({ commands: { ibv_devinfo: { stdout } } });
    assert.deepEqual(await listRdmaDevices(host), [
      { name: "mlx5_0", firmware: "22.39.1002", psid: "DEL0000000027" },
    ]);
  });

  it("finds none while no module is loaded", async () => {
    const reply = { exitCode: 255, stderr: "No IB devices found\n" };
    const host = createScriptedHost({ commands: { ibv_devinfo: reply } });
    assert.deepEqual(await listRdmaDevices(host), []);
  });
});

describe("readRdmaFirmware", () => {
  it("finds the device by its PCI function", async () => {
    const host = createScriptedHost({
      files: { "/sys/class/infiniband/mlx5_0/fw_ver": "22.39.1002\n" },
      links: { "/sys/class/infiniband/mlx5_0/device": "../../../0000:82:00.0" },
    });
    const [first, second] = ["0000:82:00.0", "0000:82:00.1"].map(parsePciAddress);
    assert.equal(first && (await readRdmaFirmware(host, first)), "22.39.1002");
    assert.equal(second && (await readRdmaFirmware(host, second)), undefined);
  });
});
