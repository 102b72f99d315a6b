import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { readEthtoolFeatures, readEthtoolStats } from "./ethtool.ts";

describe("readEthtoolStats", () => {
  it("reads counters by name and leaves other lines out", async () => {
    const stdout = fixture(import.meta.url, "representor-stats.reference.txt");
    const host = createScriptedHost({ commands: { "ethtool -S eth0": { stdout } } });
    const counters = await readEthtoolStats(host, "eth0");
    assert.equal(counters.get("vport_tx_bytes"), 9876543210);
    assert.equal(counters.get("rx_packets"), 12);
    assert.equal(counters.size, 10);
  });

  it("fails for a driver without statistics", async () => {
    const reply = { exitCode: 94, stderr: "no stats available\n" };
    const host = createScriptedHost({ commands: { "ethtool -S lo": reply } });
    await assert.rejects(readEthtoolStats(host, "lo"), { reason: "COMMAND_FAILED" });
  });
});

describe("readEthtoolFeatures", () => {
  it("tells on from off, also where a feature is fixed", async () => {
    const stdout =
      "Features for eth0:\nrx-checksumming: on\nhw-tc-offload: off\n\ttx-checksum-ipv4: off [fixed]\n";
    const host = createScriptedHost({ commands: { "ethtool -k eth0": { stdout } } });
    const features = await readEthtoolFeatures(host, "eth0");
    assert.equal(features.get("hw-tc-offload"), false);
    assert.equal(features.get("rx-checksumming"), true);
    assert.equal(features.get("tx-checksum-ipv4"), false);
    assert.equal(features.get("rx-vlan-filter"), undefined);
  });
});
