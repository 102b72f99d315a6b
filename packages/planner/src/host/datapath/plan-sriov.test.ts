import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatCommand, type HostPlan, type Inventory, type Vf } from "@switchyard/model";
import {
  applySteps,
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

const VDPA = buildHostDesired(buildDatapath());
const SRIOV = buildHostDesired(buildSriovDatapath());

const commandsOf = (plan: HostPlan): readonly string[] =>
  plan.steps.flatMap(({ commands }) => commands.map(formatCommand));
const kindsOf = (plan: HostPlan): readonly string[] => plan.steps.map(({ kind }) => kind);
const reasonsOf = (plan: HostPlan): readonly string[] => plan.findings.map(({ reason }) => reason);
const applied = (inventory: Inventory, desired = SRIOV): Inventory =>
  applySteps(inventory, planHost(desired, inventory).steps);

const withVfs = (inventory: Inventory, change: (vf: Vf) => Vf): Inventory => ({
  ...inventory,
  nics: inventory.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf) => ({ ...pf, vfs: pf.vfs.map(change) })),
  })),
});

/** A VM that was given VF 0 by vfio. */
const withVfioVm = (inventory: Inventory): Inventory => ({
  ...inventory,
  vms: [
    {
      vm: "web-01",
      state: "running",
      pid: 4242,
      startedBy: undefined,
      nics: [{ mac: "", vhostPath: "", pciAddress: pciAddress("0000:82:00.2") }],
      isGuestAgentUp: false,
      reason: undefined,
    },
  ],
});

describe("planHost for mode sriov on a bare R740", () => {
  const plan = planHost(SRIOV, buildBareR740());

  it("makes VFs in legacy mode, gives them their MACs, and vfio by driver_override", () => {
    const devices = "/sys/bus/pci/devices";
    const bind = (address: string) => [
      `echo mlx5_vfio_pci > ${devices}/${address}/driver_override`,
      `echo ${address} > ${devices}/${address}/driver/unbind`,
      `echo ${address} > /sys/bus/pci/drivers_probe`,
    ];
    assert.deepEqual(commandsOf(plan), [
      "echo claimed > /run/switchyard/pfs/0000:82:00.0",
      "modprobe mlx5_vfio_pci",
      `echo 2 > ${devices}/0000:82:00.0/sriov_numvfs`,
      "ip link set dev enp130s0f0np0 vf 0 mac 52:54:00:cb:00:00",
      "ip link set dev enp130s0f0np0 vf 1 mac 52:54:00:cb:00:01",
      ...bind("0000:82:00.2"),
      ...bind("0000:82:00.3"),
    ]);
    assert.deepEqual(plan.findings, []);
  });

  it("is empty once it was applied, and shows no field that differs", () => {
    const host = applied(buildBareR740());
    assert.deepEqual(planHost(SRIOV, host).steps, []);
    assert.deepEqual(diffHost(SRIOV, host), []);
  });

  it("takes vfio-pci where the kernel has no mlx5_vfio_pci", () => {
    const host = buildBareR740({ nics: [{ ...buildConnectX6(), vfioDrivers: ["vfio-pci"] }] });
    const commands = commandsOf(planHost(SRIOV, host));
    assert.ok(
      commands.includes("echo vfio-pci > /sys/bus/pci/devices/0000:82:00.2/driver_override"),
    );
    const asked = buildHostDesired(buildSriovDatapath({ vfDriver: "mlx5_vfio_pci" }));
    assert.deepEqual(reasonsOf(planHost(asked, host)), ["MODULE_MISSING"]);
  });

  it("lets old firmware be, which only switchdev mode minds", () => {
    const host = buildBareR740({ nics: [buildConnectX6("22.27.61.06")] });
    assert.deepEqual(planHost(SRIOV, host).findings, []);
  });
});

describe("planHost from one mode to the other", () => {
  it("takes vDPA mode apart from the outside inwards, and the bridge last", () => {
    const plan = planHost(SRIOV, applied(buildBareR740(), VDPA));
    assert.deepEqual(kindsOf(plan), [
      "ensurePfClaim",
      "ensureModules",
      ...Array.from({ length: 3 }, () => "ensureNoBridgePort"),
      "ensureNoVdpaDevice",
      "ensureNoVdpaDevice",
      "ensureVfCount",
      "ensureEswitchMode",
      "ensureVfCount",
      "ensureVfAdminMac",
      "ensureVfAdminMac",
      "ensureVfDriver",
      "ensureVfDriver",
      "ensureLinkState",
      "ensureHwOffload",
      "ensureNoBridge",
    ]);
    assert.deepEqual(reasonsOf(plan), ["VFS_RECREATED"]);
    assert.equal(isBlocked(plan), false);
  });

  it("gets back, without a word about admin MACs that were its own", () => {
    const host = applied(buildBareR740());
    const plan = planHost(VDPA, host);
    assert.deepEqual(kindsOf(plan).slice(0, 6), [
      "ensureModules",
      "ensureVfCount",
      "ensureEswitchMode",
      "ensureVfCount",
      "ensurePfClaim",
      "ensureVdpaDevice",
    ]);
    assert.deepEqual(reasonsOf(plan), ["VFS_RECREATED"]);
    assert.deepEqual(planHost(VDPA, applySteps(host, plan.steps)).steps, []);
  });

  it("cleans ports that OVS kept of representors which are gone", () => {
    const host = applied(buildBareR740(), VDPA);
    assert.ok(host.ovs);
    const bridges = host.ovs.bridges.map((bridge) => ({
      ...bridge,
      ports: bridge.ports.map((port) => ({ ...port, ofport: -1, error: "No such device" })),
    }));
    // As a reboot leaves it, or somebody who went back to legacy mode under a live bridge.
    const stale = { ...buildBareR740(), ovs: { ...host.ovs, bridges } };
    const plan = planHost(SRIOV, stale);
    assert.equal(kindsOf(plan).filter((kind) => kind === "ensureNoBridgePort").length, 3);
    const after = applySteps(stale, plan.steps);
    assert.deepEqual(after.ovs?.bridges, []);
    assert.deepEqual(planHost(SRIOV, after).steps, []);
  });

  it("refuses with the names of VMs on vDPA devices, and which VFs they hold", () => {
    const host = applied(buildBareR740(), VDPA);
    const busy = applySteps(host, planVmStart(buildVmDesired(host), host).steps);
    const plan = planHost(SRIOV, busy);
    assert.deepEqual(plan.affectedVms, ["web-01"]);
    assert.deepEqual(reasonsOf(plan), ["VFS_RECREATED", "VMS_WOULD_BREAK"]);
    assert.equal(plan.findings[0]?.found, "2 VFs, held: VF 0 by web-01");
    assert.equal(isBlocked(plan), true);
  });

  it("waits for Open vSwitch, whose ports would keep the eswitch busy", () => {
    const host = applied(buildBareR740(), VDPA);
    assert.ok(host.ovs);
    const plan = planHost(SRIOV, { ...host, ovs: { ...host.ovs, isRunning: false, bridges: [] } });
    assert.ok(reasonsOf(plan).includes("OVS_NOT_RUNNING"));
    assert.equal(isBlocked(plan), true);
  });
});

describe("planHost for another VF count in mode sriov", () => {
  const grown = buildHostDesired(buildSriovDatapath({ vfCount: 4 }));

  it("says that the VFs are made anew, and blocks nothing while none is held", () => {
    const plan = planHost(grown, applied(buildBareR740()));
    assert.deepEqual(reasonsOf(plan), ["VFS_RECREATED"]);
    assert.equal(plan.findings[0]?.found, "2 VFs, none held by a VM");
    assert.equal(isBlocked(plan), false);
    assert.equal(plan.disruption, "datapath");
  });

  it("names the VM that holds a VF by vfio", () => {
    const plan = planHost(grown, withVfioVm(applied(buildBareR740())));
    assert.deepEqual(plan.affectedVms, ["web-01"]);
    assert.equal(isBlocked(plan), true);
  });

  it("leaves a VM alone whose VF stays as it is", () => {
    const plan = planHost(SRIOV, withVfioVm(applied(buildBareR740())));
    assert.deepEqual(plan.steps, []);
    assert.deepEqual(plan.findings, []);
  });
});

describe("planHost's findings in mode sriov", () => {
  it("block without an IOMMU", () => {
    const plan = planHost(SRIOV, buildBareR740({ iommuGroupCount: 0 }));
    assert.deepEqual(reasonsOf(plan), ["IOMMU_GROUP_UNUSABLE"]);
    assert.equal(isBlocked(plan), true);
  });

  it("block a VF whose group holds a function of others, and warn where it holds a sibling", () => {
    const host = applied(buildBareR740());
    const sharing = (peer: string) =>
      planHost(
        SRIOV,
        withVfs(host, (vf) =>
          vf.index === 0 ? { ...vf, iommuGroupPeers: [pciAddress(peer)] } : vf,
        ),
      ).findings.map(({ severity, found }) => [severity, found]);
    assert.deepEqual(sharing("0000:81:00.0"), [
      ["error", "IOMMU group 40 also holds 0000:81:00.0"],
    ]);
    assert.deepEqual(sharing("0000:82:00.3"), [
      ["warning", "IOMMU group 40 also holds 0000:82:00.3"],
    ]);
  });
});

describe("planHost and SR-IOV that others made", () => {
  const byHand = withVfs(applied(buildBareR740()), (vf) => ({ ...vf, driver: "vfio-pci" }));
  const unclaimed: Inventory = {
    ...byHand,
    nics: byHand.nics.map((nic) => ({
      ...nic,
      pfs: nic.pfs.map((pf) => ({ ...pf, isClaimed: false })),
    })),
  };

  it("adopts it with nothing to do, whichever vfio driver it has", () => {
    assert.deepEqual(planHost(SRIOV, unclaimed).steps, []);
  });

  it("leaves it alone in a teardown", () => {
    assert.deepEqual(planHost(buildTeardown(), unclaimed).steps, []);
  });

  it("claims it with the first change, so that a teardown takes it away", () => {
    const other = [0, 1].map((vfIndex) => ({ vfIndex, mac: slotMac(32 + vfIndex) }));
    const desired = buildHostDesired(buildSriovDatapath({ slots: other }));
    const plan = planHost(desired, unclaimed);
    assert.deepEqual(kindsOf(plan), ["ensurePfClaim", "ensureVfAdminMac", "ensureVfAdminMac"]);
    const torn = planHost(buildTeardown(), applySteps(unclaimed, plan.steps));
    assert.deepEqual(kindsOf(torn), ["ensureVfCount", "ensurePfClaim"]);
  });
});
