import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatCommand, type HostPlan, type Inventory } from "@switchyard/model";
import {
  applySteps,
  buildBareLabHost,
  buildBareR740,
  buildConnectX6,
  buildDatapath,
  buildHostDesired,
  buildSriovDatapath,
  buildTeardown,
  buildVmDesired,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { planVmStart } from "../../vm/plan-vm.ts";
import { diffHost } from "../diff/diff-host.ts";
import { isBlocked, planHost } from "../plan-host.ts";

const PFS = ["0000:82:00.0", "0000:82:00.1"].map(pciAddress);
const BOND = { name: "bond0", mode: "802.3ad", ports: [{ kind: "port", port: 1 }] } as const;
/** One VF on each of both ports. */
const bonded = (change: Partial<Parameters<typeof buildDatapath>[0]> = {}) =>
  buildHostDesired(
    buildDatapath({
      vfCount: 1,
      bond: BOND,
      slots: PFS.map((pf, at) => ({ pf, vfIndex: 0, mac: slotMac(at) })),
      ...change,
    }),
  );

const commandsOf = (plan: HostPlan): readonly string[] =>
  plan.steps.flatMap(({ commands }) => commands.map(formatCommand));
const kindsOf = (plan: HostPlan): readonly string[] => plan.steps.map(({ kind }) => kind);
const reasonsOf = (plan: HostPlan): readonly string[] => plan.findings.map(({ reason }) => reason);
const applied = (inventory: Inventory, desired = bonded()): Inventory =>
  applySteps(inventory, planHost(desired, inventory).steps);

describe("planHost with a bond as uplink", () => {
  it("bonds before switchdev, both ports before VFs, and plugs in bond and all representors", () => {
    const plan = planHost(bonded(), buildBareR740());
    assert.deepEqual(plan.findings, []);
    const commands = commandsOf(plan);
    assert.deepEqual(commands.slice(2, 14), [
      "ip link add name bond0 type bond mode 802.3ad miimon 100",
      "ip link set dev bond0 alias managed-by=switchyard",
      "ip link set dev enp130s0f0np0 down",
      "ip link set dev enp130s0f0np0 master bond0",
      "ip link set dev enp130s0f1np1 down",
      "ip link set dev enp130s0f1np1 master bond0",
      "devlink dev eswitch set pci/0000:82:00.0 mode switchdev",
      "devlink dev eswitch set pci/0000:82:00.1 mode switchdev",
      "echo 1 > /sys/bus/pci/devices/0000:82:00.0/sriov_numvfs",
      "echo 1 > /sys/bus/pci/devices/0000:82:00.1/sriov_numvfs",
      "vdpa dev add name vdpa0 mgmtdev pci/0000:82:00.2 mac 52:54:00:cb:00:00 max_vqp 16",
      "vdpa dev add name vdpa1v0 mgmtdev pci/0000:82:01.2 mac 52:54:00:cb:00:01 max_vqp 16",
    ]);
    const after = applySteps(buildBareR740(), plan.steps);
    assert.deepEqual(
      after.ovs?.bridges[0]?.ports.map(({ name }) => name),
      ["bond0", "eth0", "eth100"],
    );
    assert.deepEqual(planHost(bonded(), after).steps, []);
    assert.deepEqual(diffHost(bonded(), after), []);
  });

  it("takes a single uplink apart first, and puts it back when the bond is no longer wanted", () => {
    const single = buildHostDesired(buildDatapath());
    const host = applied(buildBareR740(), single);
    const plan = planHost(bonded(), host);
    const kinds = kindsOf(plan);
    const order = ["ensureNoBridgePort", "ensureNoVdpaDevice", "ensureVfCount", "ensureBond"];
    const places = order.map((kind) => kinds.indexOf(kind));
    assert.deepEqual(
      places,
      [...places].sort((left, right) => left - right),
      kinds.join(),
    );
    assert.ok(kinds.indexOf("ensureBond") < kinds.lastIndexOf("ensureEswitchMode"));
    const bondedHost = applySteps(host, plan.steps);
    assert.deepEqual(planHost(bonded(), bondedHost).steps, []);
    const back = planHost(single, bondedHost);
    assert.ok(kindsOf(back).includes("ensureNoBond"));
    const again = applySteps(bondedHost, back.steps);
    assert.deepEqual(again.bonds, []);
    assert.deepEqual(planHost(single, again).steps, []);
  });

  it("makes another mode by way of legacy mode on both ports", () => {
    const host = applied(buildBareR740());
    const other = bonded({ bond: { ...BOND, mode: "active-backup" } });
    const plan = planHost(other, host);
    const kinds = kindsOf(plan);
    assert.equal(kinds.filter((kind) => kind === "ensureEswitchMode").length, 4);
    assert.ok(kinds.indexOf("ensureNoBond") < kinds.indexOf("ensureBond"));
    assert.equal(applySteps(host, plan.steps).bonds?.[0]?.mode, "active-backup");
  });

  it("leaves nothing behind in a teardown, nor in mode sriov", () => {
    const host = applied(buildBareR740());
    const torn = applySteps(host, planHost(buildTeardown(), host).steps);
    assert.deepEqual([torn.bonds, torn.ovs?.bridges], [[], []]);
    const sriov = buildHostDesired(buildSriovDatapath());
    const after = applySteps(host, planHost(sriov, host).steps);
    assert.deepEqual([after.bonds, after.ovs?.bridges], [[], []]);
    assert.deepEqual(planHost(sriov, after).steps, []);
  });

  it("names VMs on either port that would lose their device", () => {
    const host = applied(buildBareR740());
    const vm = buildVmDesired(host, { nic: { pf: PFS[1] ?? pciAddress("0000:82:00.1") } });
    const busy = applySteps(host, planVmStart(vm, host).steps);
    const plan = planHost(bonded({ bond: { ...BOND, mode: "active-backup" } }), busy);
    assert.deepEqual(plan.affectedVms, ["web-01"]);
    assert.equal(isBlocked(plan), true);
  });
});

describe("planHost's findings on bonds", () => {
  it("want two ports of one mlx5 NIC", () => {
    const [first, second] = buildConnectX6().pfs;
    assert.ok(first && second);
    const cards = [first, second].map((pf) => ({ ...buildConnectX6(), pfs: [pf] }));
    assert.deepEqual(reasonsOf(planHost(bonded(), buildBareR740({ nics: cards }))), ["BOND_UNFIT"]);
    const lab = planHost(bonded(), buildBareLabHost());
    assert.deepEqual(reasonsOf(lab), ["NIC_NOT_FOUND"]);
  });

  it("want no more than 64 VFs on a port, and no bond or port of others", () => {
    const many = planHost(bonded({ vfCount: 65 }), buildBareR740());
    assert.ok(
      many.findings.some(({ reason, found }) => reason === "BOND_UNFIT" && found === "65 VFs"),
    );
    const foreign = {
      name: "bond0",
      mode: "802.3ad",
      isOurs: false,
      isUp: true,
      hasCarrier: true,
      ports: ["eno1"],
    };
    const taken = planHost(bonded(), buildBareR740({ bonds: [foreign] }));
    assert.match(taken.findings[0]?.found ?? "", /bond bond0 of eno1, without our mark/);
    const port = { ...foreign, name: "bond9", ports: ["enp130s0f1np1"] };
    const busy = planHost(bonded(), buildBareR740({ bonds: [port] }));
    assert.match(busy.findings[0]?.found ?? "", /enp130s0f1np1 in bond bond9/);
    assert.equal(isBlocked(busy), true);
  });
});
