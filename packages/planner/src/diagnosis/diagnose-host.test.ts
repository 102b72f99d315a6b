import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHECKS_OF_HOST, type HostCheckId } from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  firmware,
  OLD_FIRMWARE,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { diagnoseHost, HOST_CHECK_IDS, worstStatus } from "./diagnose-host.ts";
import type { HostFacts } from "./facts.ts";
import { BAD_AGENT } from "./testing/bad-hosts/agent.ts";
import { BAD_CARD } from "./testing/bad-hosts/card.ts";
import { BAD_ESWITCH } from "./testing/bad-hosts/eswitch.ts";
import { BAD_HOST } from "./testing/bad-hosts/host.ts";
import { BAD_OVS } from "./testing/bad-hosts/ovs.ts";
import { BAD_PREFLIGHT } from "./testing/bad-hosts/preflight.ts";
import { BAD_VDPA } from "./testing/bad-hosts/vdpa.ts";
import { BAD_VM } from "./testing/bad-hosts/vm.ts";
import {
  type BadHost,
  BOND,
  bare,
  bridge,
  datapath,
  inventory,
  log,
  look,
} from "./testing/changes.ts";
import { HOST, healthy, healthyInventory, NOW_MS } from "./testing/healthy-host.ts";

/** For each check a host on which it does not hold; one that has none does not compile. */
const BAD: Readonly<Record<HostCheckId, BadHost>> = {
  ...BAD_PREFLIGHT,
  ...BAD_AGENT,
  ...BAD_HOST,
  ...BAD_CARD,
  ...BAD_ESWITCH,
  ...BAD_OVS,
  ...BAD_VDPA,
  ...BAD_VM,
};

const resultOf = (id: HostCheckId, facts: HostFacts) => {
  const [result] = diagnoseHost(facts, new Set([id]));
  assert.ok(result !== undefined, `${id} did not run`);
  return result;
};

describe("diagnoseHost", () => {
  it("passes every check on the seed's host with a VM that answers", () => {
    const others = diagnoseHost(healthy).filter(({ status }) => status !== "pass");
    // Nothing is said of a bond that nobody asks for.
    assert.deepEqual(
      others.map(({ id, status }) => [id, status]),
      [["LINT-BOND", "skip"]],
    );
    assert.equal(diagnoseHost(healthy).length, Object.keys(CHECKS_OF_HOST).length);
    assert.ok(HOST_CHECK_IDS.length >= 40);
  });

  for (const id of HOST_CHECK_IDS) {
    const [status, change] = BAD[id];
    it(`${id} finds a host on which it does not hold that ${CHECKS_OF_HOST[id].title}`, () => {
      const result = resultOf(id, change(healthy));
      assert.equal(result.status, status, result.evidence.join("; "));
      assert.ok(result.evidence.length > 0 && result.evidence.every((text) => text !== ""));
      assert.ok(result.causes.length > 0);
      assert.notEqual(result.fix, "");
    });
  }

  it("takes no module for refused that the kernel loaded without a signature", () => {
    const tainted = log(
      "netfs: module verification failed: signature and/or required key missing - tainting kernel",
    );
    assert.equal(resultOf("B11", tainted(healthy)).status, "pass");
  });

  it("skips what it can't know: a host that never reported and can't be asked", () => {
    const nothing: HostFacts = {
      host: HOST,
      nowMs: NOW_MS,
      presence: { state: "enrolled", lastSeenAtMs: undefined },
      inventory: undefined,
      matchingProfiles: [],
      desired: undefined,
      desireTrouble: undefined,
      isApplied: false,
      vms: [],
      networks: {},
      bridgeAddresses: [],
      macs: [],
      jobs: [],
      examination: undefined,
      silence: "no answer",
    };
    const told = diagnoseHost(nothing).filter(({ status }) => status !== "skip");
    assert.deepEqual(told.map(({ id, status }) => `${id} ${status}`).sort(), [
      "AGENT-ALIVE warn",
      "AGENT-ANSWER fail",
      "PROFILE-MATCH warn",
    ]);
  });

  it("skips what a failed read left empty, with the failure as the reason", () => {
    const facts = BAD["AGENT-INVENTORY"][1]({
      ...healthy,
      inventory: { ...healthyInventory(), nics: [] },
    });
    for (const id of ["HOST-NIC", "A04", "C10", "D01"] as const) {
      const { status, evidence } = resultOf(id, facts);
      assert.equal(status, "skip", id);
      assert.match(evidence[0] ?? "", /NICs could not be read/);
    }
  });

  it("never passes what only a look at the host tells while there was none", () => {
    const facts: HostFacts = {
      ...healthy,
      examination: undefined,
      silence: "no answer within 20 s",
    };
    const lookedAt = [
      "A07",
      "A10",
      "C04",
      "CARD-FIRMWARE",
      "CARD-HEALTH",
      "CARD-QUEUES",
      "D11",
      "E01",
      "E05",
      "F02",
      "OVS-FDB",
      "WIRE-MAC",
      "WIRE-IP",
    ];
    for (const { id, status, evidence } of diagnoseHost(facts)) {
      if (!lookedAt.includes(id)) continue;
      assert.equal(status, "skip", id);
      assert.deepEqual(evidence, ["no answer within 20 s"], id);
    }
  });

  it("warns of what a profile that was never applied asks for, and offers its plan as the fix", () => {
    const facts = { ...bare(healthy), isApplied: false };
    const drift = resultOf("PROFILE-DRIFT", facts);
    assert.equal(drift.status, "warn");
    assert.equal(drift.safeFix, "apply-profile");
    assert.equal(resultOf("C08", facts).status, "warn");
    assert.equal(resultOf("C10", facts).status, "skip");
  });

  it("tells the fix that fits best: a reboot where newer firmware is stored", () => {
    const result = resultOf(
      "C01",
      inventory((each) => ({
        ...each,
        nics: each.nics.map((nic) => ({
          ...nic,
          firmware: { running: firmware(OLD_FIRMWARE), stored: nic.firmware!.stored },
        })),
      }))(healthy),
    );
    assert.match(result.fix, /^Reboot the host/);
  });

  it("fails the plan of a profile that can't be made concrete", () => {
    const facts = { ...healthy, desired: undefined, desireTrouble: "no free bridge address" };
    const { status, evidence } = resultOf("PROFILE-PLAN", facts);
    assert.deepEqual([status, evidence], ["fail", ["no free bridge address"]]);
  });

  it("passes a bond whose ports are joined and in switchdev mode, and takes it for them in the bridge", () => {
    const uplinks = ["enp130s0f0np0", "enp130s0f1np1"];
    const bonded = inventory((each) => ({
      ...each,
      nics: each.nics.map((nic) => ({
        ...nic,
        pfs: nic.pfs.map((pf) => ({ ...pf, eswitchMode: "switchdev" as const })),
      })),
      bonds: [
        {
          name: "bond0",
          mode: "802.3ad",
          isOurs: true,
          isUp: true,
          hasCarrier: true,
          ports: uplinks,
        },
      ],
    }));
    const plugged = bridge((one) => ({
      ports: one.ports.map((port) =>
        port.name === uplinks[0] ? { ...port, name: "bond0" } : port,
      ),
    }));
    const facts = datapath({ bond: BOND })(plugged(bonded(healthy)));
    assert.equal(resultOf("LINT-BOND", facts).status, "pass");
    assert.equal(resultOf("LINT-ONE-BRIDGE", facts).status, "pass");
    assert.equal(resultOf("E04", facts).status, "pass");
  });

  it("bounds its evidence", () => {
    const holders = Array.from({ length: 300 }, (_, at) => ({
      path: `/dev/vhost-vdpa-${at}`,
      pid: 10_000 + at,
      command: "qemu",
    }));
    const { evidence } = resultOf("D11", look({ vhostHolders: holders })(healthy));
    assert.equal(evidence.length, 11);
    assert.equal(evidence.at(-1), "and 290 more");
  });
});

describe("worstStatus", () => {
  it("is the worst that was decided", () => {
    assert.equal(worstStatus([{ status: "pass" }, { status: "warn" }]), "warn");
    assert.equal(worstStatus([{ status: "fail" }, { status: "warn" }]), "fail");
    assert.equal(worstStatus([{ status: "skip" }]), "skip");
  });
});

describe("diagnoseHost of a host whose uplink is a bond", () => {
  it("finds bond, ports and slots of both ports as they should be", () => {
    const slots = ["0000:82:00.0", "0000:82:00.1"].flatMap((pf, port) =>
      [0, 1].map((vfIndex) => ({
        pf: pciAddress(pf),
        vfIndex,
        mac: slotMac(8 * port + vfIndex),
      })),
    );
    const wanted = buildHostDesired(
      buildDatapath({
        bond: { name: "bond0", mode: "802.3ad", ports: [{ kind: "port", port: 1 }] },
        slots,
      }),
    );
    const inventory = applySteps(buildBareR740(), planHost(wanted, buildBareR740()).steps);
    const facts = { ...healthy, desired: wanted, inventory };
    for (const id of ["VDPA-SLOTS", "E04", "LINT-ONE-BRIDGE"] as const) {
      const [result] = diagnoseHost(facts, new Set([id]));
      assert.equal(result?.status, "pass", `${id}: ${result?.evidence.join("; ")}`);
    }
  });
});
