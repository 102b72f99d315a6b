import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listIngressFilters, readHasIngress, readIngressRules } from "./tc.ts";

describe("tc", () => {
  it("counts rules and those that the card did not take", async () => {
    const stdout = fixture(import.meta.url, "filter-show-ingress.reference.json");
    const host = createScriptedHost({
      commands: { "tc -s -j filter show dev eth0 ingress": { stdout } },
    });
    assert.deepEqual(await readIngressRules(host, "eth0"), { count: 2, notInHardwareCount: 1 });
  });

  it("tells what the card handled from what software did", async () => {
    const stdout = fixture(import.meta.url, "filter-show-ingress.reference.json");
    const host = createScriptedHost({
      commands: { "tc -s -j filter show dev eth0 ingress": { stdout } },
    });
    assert.deepEqual(await listIngressFilters(host, "eth0"), [
      { id: "0 2 ip 1", isInHardware: true, hardwarePackets: 1234564, softwarePackets: 3 },
      { id: "0 4 arp 1", isInHardware: false, hardwarePackets: 0, softwarePackets: 0 },
    ]);
  });

  it("tells an ingress qdisc from others", async () => {
    const show = (kinds: readonly string[]) => ({
      stdout: JSON.stringify(kinds.map((kind) => ({ kind, handle: "ffff:" }))),
    });
    const host = createScriptedHost({
      commands: {
        "tc -j qdisc show dev eth0": show(["mq", "clsact"]),
        "tc -j qdisc show dev eth1": show(["mq"]),
        "tc -j qdisc show dev eth9": { exitCode: 1, stderr: 'Cannot find device "eth9"\n' },
      },
    });
    assert.equal(await readHasIngress(host, "eth0"), true);
    assert.equal(await readHasIngress(host, "eth1"), false);
    await assert.rejects(readHasIngress(host, "eth9"), { reason: "COMMAND_FAILED" });
  });

  it("takes blank output for no rules", async () => {
    const host = createScriptedHost({
      commands: { "tc -s -j filter show dev eth0 ingress": { stdout: "\n" } },
    });
    assert.deepEqual(await readIngressRules(host, "eth0"), { count: 0, notInHardwareCount: 0 });
  });
});
