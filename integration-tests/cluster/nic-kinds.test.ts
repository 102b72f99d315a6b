import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { DatapathMode, Network, NicKind, PlanGoal, Vm, VmState } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { addressOf } from "./support/vms.ts";

const GIB = 1024n ** 3n;
const [VDPA_HOST, SRIOV_HOST] = ["hosts/r740-01", "hosts/r740-02"];

interface WantedNic {
  readonly network: string;
  readonly kind: NicKind;
  readonly address?: string;
}

/** @param disk of the two images on a host: QEMU locks what it writes to */
const vmWith = (disk: 0 | 1, nics: readonly WantedNic[]): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 4,
      memoryBytes: 2n * GIB,
      boot: {
        $case: "disk",
        value: { path: `/root/downloads/rocky9-vhost-vdpa-${disk}.qcow2`, format: "qcow2" },
      },
      nics: [...nics],
      hasGuestAgent: true,
    },
  });

const networkOn = (subnet: string, mac: string): Network =>
  Network.fromPartial({
    spec: {
      bridge: "cxbr0",
      subnet: `${subnet}.0/24`,
      ipPool: { first: `${subnet}.20`, last: `${subnet}.60` },
      macPool: { first: `${mac}:11`, last: `${mac}:60` },
    },
  });

describe("VMs of both NIC kinds", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });

  before(async () => {
    stack = await startStack({ hosts: 2, log: silentLogger });
    await Promise.all(stack.hostNames.map((host) => job().readyHost(host)));
    const { client } = stack;
    const datapath = vdpaDatapath({
      vfCount: 4,
      maxVqp: 8,
      bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.19" },
    });
    await job().createProfile("vdpa", datapath, { role: "vm-host" });
    await job().createNetwork("lan", networkOn("192.168.101", "52:54:00:cb:45"));
    await job().createNetwork("dmz", networkOn("192.168.102", "52:54:00:cb:46"));
    await job().apply(await job().plan(VDPA_HOST, PlanGoal.APPLY_PROFILE));
    const { name } = await client.hosts.setDatapathMode({
      name: SRIOV_HOST,
      mode: DatapathMode.SRIOV,
    });
    await job().apply(await client.plans.getPlan({ name }));
  });
  after(() => stack.stop());

  it("gives a VM two vDPA NICs that both answer", async () => {
    const kind = NicKind.VDPA;
    const both = [
      { network: "networks/lan", kind },
      { network: "networks/dmz", kind, address: "192.168.102.77" },
    ];
    const two = await job().createVm("two", vmWith(0, both));
    assert.equal(two.state, VmState.RUNNING);
    assert.equal(two.allocation?.host, VDPA_HOST);
    assert.deepEqual([addressOf(two), addressOf(two, 1)], ["192.168.101.20", "192.168.102.77"]);
    const other = await job().createVm(
      "other",
      vmWith(
        1,
        both.map(({ network }) => ({ network, kind })),
      ),
    );
    for (const target of [addressOf(two), addressOf(two, 1)]) {
      const { received, transmitted } = await job().ping(other.name, target);
      assert.deepEqual([received, transmitted], [3, 3], target);
    }
    const plan = await job().plan(VDPA_HOST, PlanGoal.APPLY_PROFILE);
    assert.deepEqual(plan.steps, [], "the slots' MACs are the NICs'");
    const third = stack.client.vms.createVm({
      vmId: "third",
      vm: vmWith(0, both),
      validateOnly: true,
    });
    await assert.rejects(third, { reason: "NO_CAPACITY" });
    for (const vm of ["vms/two", "vms/other"]) await job().deleteVm(vm);
    const { capacity } = await stack.client.hosts.getHost({ name: VDPA_HOST });
    assert.equal(capacity?.slotFreeCount, 4);
  });

  it("gives a pair of VMs a VF each, whose pings go through the card", async () => {
    const nics = [{ network: "networks/lan", kind: NicKind.SRIOV }];
    const pair = [
      await job().createVm("vf-1", vmWith(0, nics)),
      await job().createVm("vf-2", vmWith(1, nics)),
    ] as const;
    for (const { state, allocation } of pair) {
      assert.deepEqual([state, allocation?.host], [VmState.RUNNING, SRIOV_HOST]);
    }
    const { received, transmitted } = await job().ping(pair[0].name, addressOf(pair[1]));
    assert.deepEqual([received, transmitted], [3, 3]);
    const { capacity } = await stack.client.hosts.getHost({ name: SRIOV_HOST });
    assert.deepEqual([capacity?.slotCount, capacity?.slotFreeCount], [4, 2]);
    const plan = await job().plan(SRIOV_HOST, PlanGoal.APPLY_PROFILE);
    assert.deepEqual(plan.steps, [], "the VFs' MACs are the NICs'");
    for (const { name } of pair) await job().deleteVm(name);
  });
});
