import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePciAddress } from "@switchyard/model";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { findRdmaCounters } from "./counters.ts";
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

describe("findRdmaCounters", () => {
  const DEVICE = "/sys/class/infiniband/mlx5_0";
  const [pf, other] = ["0000:82:00.0", "0000:82:00.1"].map(parsePciAddress);
  const host = (files: Readonly<Record<string, string>>) =>
    createScriptedHost({
      files: { [`${DEVICE}/fw_ver`]: "22.39.1002\n", ...files },
      links: { [`${DEVICE}/device`]: "../../../0000:82:00.0" },
    });
  const OF_PORT = {
    [`${DEVICE}/ports/1/hw_counters/out_of_sequence`]: "3\n",
    [`${DEVICE}/ports/1/hw_counters/rx_write_requests`]: "70\n",
    [`${DEVICE}/ports/1/hw_counters/np_cnp_sent`]: "5\n",
  };

  it("reads the port's in legacy mode", async () => {
    assert.ok(pf !== undefined);
    assert.deepEqual(await findRdmaCounters(host(OF_PORT), pf), {
      requests: new Map([["rx_write_requests", 70]]),
      errors: new Map([["out_of_sequence", 3]]),
      congestion: new Map([["np_cnp_sent", 5]]),
    });
  });

  it("reads the device's in switchdev mode, where the port's are of other functions", async () => {
    assert.ok(pf !== undefined);
    const ofDevice = { [`${DEVICE}/hw_counters/out_of_sequence`]: "9\n" };
    const counters = await findRdmaCounters(host({ ...OF_PORT, ...ofDevice }), pf);
    assert.deepEqual(counters?.errors, new Map([["out_of_sequence", 9]]));
  });

  it("finds none of a port without an RDMA device", async () => {
    assert.ok(other !== undefined);
    assert.equal(await findRdmaCounters(host(OF_PORT), other), undefined);
  });
});
