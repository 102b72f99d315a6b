import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { isUplinkPort, listHealthReporters, vfIndexOfPort } from "./health.ts";

const ARGV = "devlink -j health show";

describe("listHealthReporters", () => {
  it("reads reporters of devices and of ports", async () => {
    const stdout = fixture(import.meta.url, "health.reference.json");
    const host = createScriptedHost({ commands: { [ARGV]: { stdout } } });
    const reporters = await listHealthReporters(host);
    assert.deepEqual(
      reporters.map(({ portIndex, name }) => [portIndex, name]),
      [
        [undefined, "fw"],
        [undefined, "fw_fatal"],
        [undefined, "vnic"],
        [65535, "tx"],
        [65535, "rx"],
      ],
    );
    assert.deepEqual(reporters[1], {
      handle: "pci/0000:82:00.0",
      portIndex: undefined,
      name: "fw_fatal",
      isHealthy: false,
      errorCount: 2,
      recoveryCount: 1,
    });
  });

  it("finds none where the kernel has no devlink", async () => {
    const reply = { exitCode: 1, stderr: "Failed to connect to devlink Netlink\n" };
    const host = createScriptedHost({ commands: { [ARGV]: reply } });
    assert.deepEqual(await listHealthReporters(host), []);
  });
});

describe("isUplinkPort", () => {
  it("knows the wire's port of every PF", () => {
    assert.deepEqual([65535, 131071, 1, 65536].map(isUplinkPort), [true, true, false, false]);
  });
});

describe("vfIndexOfPort", () => {
  it("knows a VF's port of every PF", () => {
    const indexes = [1, 65_537, 65_552, 0, 65_536, 65_535].map(vfIndexOfPort);
    assert.deepEqual(indexes, [0, 0, 15, undefined, undefined, undefined]);
  });
});
