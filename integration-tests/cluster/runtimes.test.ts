import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { waitForJob } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import {
  DatapathMode,
  Network,
  NicKind,
  PlanGoal,
  Vm,
  VmRuntime,
  VmState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { addressOf } from "./support/vms.ts";

const GIB = 1024n ** 3n;
const DEADLINE_MS = 60_000;
const [VDPA_HOST, SRIOV_HOST] = ["hosts/r740-01", "hosts/r740-02"];

/** @param disk of the two images on a host: QEMU locks what it writes to */
const vmBy = (runtime: VmRuntime, disk: 0 | 1, kind: NicKind = NicKind.VDPA): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 2,
      memoryBytes: 2n * GIB,
      boot: {
        $case: "disk",
        value: { path: `/root/downloads/rocky9-vhost-vdpa-${disk}.qcow2`, format: "qcow2" },
      },
      nics: [{ network: "networks/lan", kind }],
      hasGuestAgent: true,
      runtime,
    },
  });

describe("VMs of both runtimes", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const pingBothWays = async (left: Vm, right: Vm) => {
    for (const [from, to] of [
      [left, right],
      [right, left],
    ] as const) {
      const { received, transmitted } = await job().ping(from.name, addressOf(to));
      assert.deepEqual([received, transmitted], [3, 3], `${from.name} to ${to.name}`);
    }
  };

  before(async () => {
    stack = await startStack({ hosts: 2, log: silentLogger });
    await Promise.all(stack.hostNames.map((host) => job().readyHost(host)));
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    const datapath = vdpaDatapath({ vfCount: 4, maxVqp: 8, bridgeAddresses });
    await job().createProfile("vdpa", datapath, { role: "vm-host" });
    const network = Network.fromPartial({
      spec: {
        bridge: "cxbr0",
        subnet: "192.168.101.0/24",
        ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
        macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
      },
    });
    await job().createNetwork("lan", network);
    await job().apply(await job().plan(VDPA_HOST, PlanGoal.APPLY_PROFILE));
    const mode = DatapathMode.SRIOV;
    const plan = await stack.client.hosts.setDatapathMode({ name: SRIOV_HOST, mode });
    await job().apply(await stack.client.plans.getPlan({ name: plan.name }));
  });
  after(() => stack.stop());

  it("ping each other over vDPA, and are shown with what runs them", async () => {
    const byLibvirt = await job().createVm("by-libvirt", vmBy(VmRuntime.LIBVIRT, 0));
    const byQemu = await job().createVm("by-qemu", vmBy(VmRuntime.UNSPECIFIED, 1));
    assert.deepEqual([byLibvirt.state, byQemu.state], [VmState.RUNNING, VmState.RUNNING]);
    assert.deepEqual(
      [byLibvirt.spec?.runtime, byQemu.spec?.runtime],
      [VmRuntime.LIBVIRT, VmRuntime.QEMU],
    );
    await pingBothWays(byLibvirt, byQemu);
  });

  it("change their runtime while they are stopped, and keep address and disk", async () => {
    const { vms } = stack.client;
    const name = "vms/by-qemu";
    const before = await vms.getVm({ name });
    const ended = (work: string) => waitForJob(stack.client, work, { timeoutMs: DEADLINE_MS });
    const update = (runtime: VmRuntime) =>
      vms.updateVm({
        vm: Vm.fromPartial({ name, spec: { runtime } }),
        updateMask: ["spec.runtime"],
      });
    await assert.rejects(update(VmRuntime.LIBVIRT), { reason: "VM_STATE_CONFLICT" });
    await ended((await vms.stopVm({ name })).job);
    assert.equal((await update(VmRuntime.LIBVIRT)).spec?.runtime, VmRuntime.LIBVIRT);
    await ended((await vms.startVm({ name })).job);
    const after = await vms.getVm({ name });
    assert.deepEqual(after.allocation, before.allocation);
    const { stdout } = await stack.simHost(VDPA_HOST).run({ argv: ["virsh", "list", "--all"] });
    assert.match(stdout, /sy-by-qemu +running/);
    await pingBothWays(await vms.getVm({ name: "vms/by-libvirt" }), after);
  });

  it("ping each other through the card, a VF each", async () => {
    const byLibvirt = await job().createVm("vf-1", vmBy(VmRuntime.LIBVIRT, 0, NicKind.SRIOV));
    const byQemu = await job().createVm("vf-2", vmBy(VmRuntime.QEMU, 1, NicKind.SRIOV));
    await pingBothWays(byLibvirt, byQemu);
  });

  it("are deleted alike, and give back what they took", async () => {
    for (const vm of ["vms/vf-1", "vms/vf-2"]) await job().deleteVm(vm);
    const { capacity } = await stack.client.hosts.getHost({ name: SRIOV_HOST });
    assert.equal(capacity?.slotFreeCount, 4);
    const { stdout } = await stack.simHost(SRIOV_HOST).run({ argv: ["virsh", "list", "--all"] });
    assert.ok(!stdout.includes("sy-"));
  });

  it("are reported when their QEMU is killed, under libvirt with libvirt's reason", async () => {
    assert.ok(stack.simHost(VDPA_HOST).killVm("by-libvirt"));
    const seen = await waitFor(
      async () => {
        const { inventory } = await stack.client.hosts.getHost({ name: VDPA_HOST });
        return inventory?.vms.find(({ vm, reason }) => vm === "vms/by-libvirt" && reason !== "");
      },
      { deadlineMs: DEADLINE_MS },
    );
    assert.match(seen.reason, /libvirt: shut off \(crashed\)/);
  });
});
