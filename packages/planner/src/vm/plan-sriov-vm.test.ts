import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatCommand, type HostPlan, type Inventory, type Vf } from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildHostDesired,
  buildSriovDatapath,
  buildVmDesired,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { planVmDelete, planVmStart } from "./plan-vm.ts";

const bare = buildBareR740();
const host = applySteps(bare, planHost(buildHostDesired(buildSriovDatapath()), bare).steps);
const nic = { kind: "sriov", queuePairs: 0 } as const;
const vm = buildVmDesired(host, { nic });
const [FIRST, SECOND] = [pciAddress("0000:82:00.2"), pciAddress("0000:82:00.3")];

const kindsOf = (plan: HostPlan): readonly string[] => plan.steps.map(({ kind }) => kind);
const foundIn = (plan: HostPlan) => plan.findings.map(({ reason, found }) => [reason, found]);

const withVfs = (observed: Inventory, change: (vf: Vf) => Partial<Vf>): Inventory => ({
  ...observed,
  nics: observed.nics.map((each) => ({
    ...each,
    pfs: each.pfs.map((pf) => ({ ...pf, vfs: pf.vfs.map((vf) => ({ ...vf, ...change(vf) })) })),
  })),
});

describe("planVmStart of a VM with a VF", () => {
  it("sets the VF's MAC through the PF and gives the VF to QEMU, without bridge and Open vSwitch", () => {
    const plan = planVmStart(vm, { ...host, ovs: undefined });
    assert.deepEqual(kindsOf(plan), ["ensureVfAdminMac", "ensureVmRunning", "ensureGuestAddress"]);
    assert.deepEqual(plan.steps[0]?.commands.map(formatCommand), [
      "ip link set dev enp130s0f0np0 vf 0 mac 52:54:00:cb:01:00",
    ]);
    const line = plan.steps[1]?.commands.map(formatCommand).join("\n") ?? "";
    assert.match(line, /-device vfio-pci,host=0000:82:00\.2/);
    assert.doesNotMatch(line, /netdev/);
    assert.deepEqual(plan.findings, []);
  });

  it("leaves a running VM alone, and gives the slot its MAC back once the VM is deleted", () => {
    const running = applySteps(host, planVmStart(vm, host).steps);
    assert.deepEqual(kindsOf(planVmStart(vm, running)), ["ensureGuestAddress"]);
    const gone = planVmDelete(vm, running);
    assert.deepEqual(kindsOf(gone), ["ensureVmStopped", "ensureVfAdminMac"]);
    assert.deepEqual(applySteps(running, gone.steps), host);
  });

  it("lets the card tag, check and limit as the network asks, and says what it can't", () => {
    const limit = { bitsPerSecond: 2_500_000_000, burstBits: 1000 };
    const asked = {
      vlan: 40,
      mtu: 1500,
      hasAntiSpoof: true,
      sendLimit: limit,
      receiveLimit: limit,
    };
    const network = vm.allocation.nics[0]?.network ?? "";
    const tagged = { ...vm, portSettings: { [network]: asked } };
    const plan = planVmStart(tagged, host);
    assert.deepEqual(
      plan.steps
        .filter(({ kind }) => kind === "ensureVfPortSettings")
        .flatMap(({ commands }) => commands.map(formatCommand)),
      ["ip link set dev enp130s0f0np0 vf 0 vlan 40 spoofchk on max_tx_rate 2500"],
    );
    assert.deepEqual(
      plan.findings.map(({ severity, message }) => [severity, message.split(" of ")[0]]),
      [
        ["warning", "nothing keeps the receive limit"],
        ["warning", "only MACs are checked for the anti-spoofing"],
      ],
    );
    const running = applySteps(host, plan.steps);
    const back = planVmDelete(tagged, running).steps.flatMap(({ commands }) => commands);
    assert.match(back.map(formatCommand).join("\n"), /vf 0 vlan 0 spoofchk off max_tx_rate 0/);
  });

  it("brings the PF up, once for all VFs: they have no link while it is down", () => {
    const down = {
      ...host,
      nics: host.nics.map((each) => ({
        ...each,
        pfs: each.pfs.map((pf) => ({ ...pf, link: { ...pf.link, isUp: false } })),
      })),
    };
    const [own] = vm.allocation.nics;
    assert.ok(own);
    const second = { ...own, index: 1, vfIndex: 1, mac: slotMac(0x200) };
    const allocation = { ...vm.allocation, nics: [own, second] };
    assert.deepEqual(kindsOf(planVmStart({ ...vm, allocation }, down)).slice(0, 4), [
      "ensureVfAdminMac",
      "ensureVfAdminMac",
      "ensureLinkState",
      "ensureVmRunning",
    ]);
  });

  it("refuses a VF that no vfio driver has", () => {
    const taken = withVfs(host, () => ({ driver: "mlx5_core" }));
    assert.deepEqual(foundIn(planVmStart(vm, taken)), [["VF_NOT_FOR_VMS", "driver mlx5_core"]]);
  });

  it("refuses a host without an IOMMU", () => {
    const reasons = foundIn(planVmStart(vm, { ...host, iommuGroupCount: 0 }));
    assert.ok(reasons.some(([reason]) => reason === "IOMMU_GROUP_UNUSABLE"));
  });

  it("refuses a group that another driver or another VM has a part of, and takes one of free VFs", () => {
    const coupled = withVfs(host, ({ pciAddress: own }) => ({
      iommuGroupPeers: [own === FIRST ? SECOND : FIRST],
    }));
    assert.deepEqual(foundIn(planVmStart(vm, coupled)), []);
    const withPeer = withVfs(coupled, ({ pciAddress: own }) =>
      own === SECOND ? { driver: "mlx5_core" } : {},
    );
    const [finding] = planVmStart(vm, withPeer).findings;
    assert.equal(finding?.reason, "IOMMU_GROUP_UNUSABLE");
    assert.match(finding?.found ?? "", /also holds 0000:82:00\.3/);
    const other = buildVmDesired(coupled, { vm: "web-02", vfIndex: 1, nic });
    const busy = applySteps(coupled, planVmStart(other, coupled).steps);
    assert.equal(planVmStart(vm, busy).findings[0]?.reason, "IOMMU_GROUP_UNUSABLE");
    const outside = withVfs(host, () => ({ iommuGroupPeers: [pciAddress("0000:03:00.0")] }));
    assert.equal(planVmStart(vm, outside).findings[0]?.reason, "IOMMU_GROUP_UNUSABLE");
  });

  it("refuses a VF that another VM holds", () => {
    const running = applySteps(host, planVmStart(vm, host).steps);
    const second = buildVmDesired(running, { vm: "web-02", nic });
    assert.equal(planVmStart(second, running).findings[0]?.reason, "DEVICE_BUSY");
  });
});
