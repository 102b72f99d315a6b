import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  antiSpoofFlows,
  flowCookieOf,
  type HostCheckId,
  type NetworkSpec,
} from "@switchyard/model";
import { slotMac } from "@switchyard/testkit/builders";
import { diagnoseHost } from "../diagnose-host.ts";
import type { HostFacts } from "../facts.ts";
import { bridge, look } from "../testing/changes.ts";
import { healthy, healthyLook, placedVm } from "../testing/healthy-host.ts";

const [NIC] = placedVm.allocation.nics;
const MAC = NIC?.mac ?? slotMac(0);
const ADDRESS = NIC?.address.split("/")[0] ?? "";
const STRANGER = "00:11:22:33:44:55";

const resultOf = (id: HostCheckId, facts: HostFacts) => {
  const [result] = diagnoseHost(facts, new Set([id]));
  assert.ok(result);
  return result;
};

/** The VM's network asks for this too. */
const asking = (change: Partial<NetworkSpec>, facts: HostFacts = healthy): HostFacts => {
  const name = NIC?.network ?? "";
  const spec = facts.networks[name] ?? facts.networks["lab"];
  assert.ok(spec);
  return { ...facts, networks: { ...facts.networks, [name]: { ...spec, ...change } } };
};

describe("PORT-SETTINGS", () => {
  it("names what differs, with what is and what was asked", () => {
    const limit = { bitsPerSecond: 1_000_000, burstBits: 1000 };
    const facts = asking({ vlan: 40, mtu: 9000, sendLimit: limit });
    const { status, evidence } = resultOf("PORT-SETTINGS", facts);
    assert.equal(status, "warn");
    assert.deepEqual(evidence, [
      "web-01: eth0 is untagged, not VLAN 40",
      "web-01: eth0 has send limit none, not 1000000",
      "web-01: eth0 has MTU 1500, not 9000",
    ]);
  });

  it("passes ports that are as asked, flows included", () => {
    const count = antiSpoofFlows({ port: 1, mac: MAC, address: ADDRESS as never }).length;
    const flows = [{ bridge: "cxbr0", cookie: flowCookieOf(MAC), count }];
    const facts = asking({ vlan: 40, hasAntiSpoof: true });
    const set = bridge((one) => ({
      ports: one.ports.map((port) => ({ ...port, settings: { vlan: 40 } })),
    }));
    const settled = set(look({ nicFlows: flows })(facts));
    assert.equal(resultOf("PORT-SETTINGS", settled).status, "pass");
    const { status, evidence } = resultOf("PORT-SETTINGS", set(look({ nicFlows: [] })(facts)));
    assert.equal(status, "fail", "a guest may send as anybody");
    assert.deepEqual(evidence, ["web-01: 0 of 4 flows against spoofing"]);
  });

  it("names flows that are left of a VM that is not here any more", () => {
    const cookie = flowCookieOf(slotMac(99));
    const { status, evidence } = resultOf(
      "PORT-SETTINGS",
      look({ nicFlows: [{ bridge: "cxbr0", cookie, count: 4 }] })({ ...healthy, vms: [] }),
    );
    assert.equal(status, "warn");
    assert.deepEqual(evidence, [`cxbr0 keeps 4 flows of no VM here: ${cookie}`]);
  });

  it("does not pass flows that were not looked at", () => {
    const facts = {
      ...asking({ hasAntiSpoof: true }),
      examination: undefined,
      silence: "no answer",
    };
    assert.equal(resultOf("PORT-SETTINGS", facts).status, "skip");
  });
});

describe("WIRE-MAC", () => {
  const heard = (mac: string, vlan = 0): HostFacts => {
    const [entry] = healthyLook.learned ?? [];
    assert.ok(entry);
    return look({ learned: [entry, { ...entry, mac, vlan }] })(healthy);
  };

  it("names port, VLAN, the VM behind it and the owner of the MAC", () => {
    const macs = [
      { mac: slotMac(8), host: "r740-08", holder: "slot", vm: "web-08" },
      ...healthy.macs,
    ];
    const { status, evidence } = resultOf("WIRE-MAC", { ...heard(slotMac(8), 40), macs });
    assert.equal(status, "fail");
    assert.deepEqual(evidence, [
      `eth0 of cxbr0 (VLAN 40), port of web-01, sends as ${slotMac(8)}, which is web-08 on r740-08`,
    ]);
  });

  it("tells a MAC that nobody in the fleet has from one that somebody has", () => {
    const { evidence } = resultOf("WIRE-MAC", heard(STRANGER));
    assert.match(evidence[0] ?? "", /\(untagged\).* sends as 00:11:22:33:44:55, which it was not/);
  });

  it("does not mind what was heard a while ago, as of a VM that moved away", () => {
    const learned = (heard(STRANGER).examination?.learned ?? []).map((each) => ({
      ...each,
      ageS: 61,
    }));
    assert.equal(resultOf("WIRE-MAC", look({ learned })(healthy)).status, "pass");
  });

  it("does not mind what comes in from the wire", () => {
    const uplink = healthy.inventory?.ovs?.bridges[0]?.ports.find(({ name }) =>
      name.includes("np"),
    );
    const learned = [
      { bridge: "cxbr0", mac: STRANGER, vlan: 0, ageS: 1, ofport: uplink?.ofport ?? 0 },
    ];
    assert.equal(resultOf("WIRE-MAC", look({ learned })(healthy)).status, "pass");
  });
});

describe("WIRE-IP", () => {
  const answering = (mac: string) =>
    look({ neighbours: [{ bridge: "cxbr0", address: ADDRESS, mac }] });

  it("names the VM and who answers in its place", () => {
    const facts = answering(slotMac(8))(asking({}));
    const { status, evidence } = resultOf("WIRE-IP", facts);
    assert.equal(status, "fail");
    assert.match(evidence[0] ?? "", new RegExp(`^${ADDRESS} of web-01 is answered for by`));
    assert.match(evidence[0] ?? "", /which is r740-08 slot 0 \(cxbr0, untagged\)$/);
    assert.equal(resultOf("WIRE-IP", answering(MAC)(asking({}))).status, "pass");
  });

  it("says nothing of VLANs, which the host does not hear", () => {
    assert.equal(resultOf("WIRE-IP", answering(STRANGER)(asking({ vlan: 40 }))).status, "skip");
  });
});
