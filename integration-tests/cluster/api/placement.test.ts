import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PlanGoal, type Vm } from "@switchyard/client";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { prepareFleet } from "./prepared-hosts.ts";
import { networkOf, vmOf } from "./records.ts";
import { refusal, refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

describe("placement over the API", () => {
  let world: World;

  const create = (vmId: string, change: Parameters<typeof vmOf>[0] = {}, validateOnly = false) =>
    world.client.vms.createVm({ vmId, vm: vmOf(change), validateOnly });

  before(async () => {
    world = await startWorld();
    await prepareFleet(world, ["r740-01", "r740-02"]);
    await world.enrol("bare-01", buildBareR740(), { pool: "spare" });
  });
  after(() => world.stop());

  it("says per host which filter refused the VM, and with which numbers", async () => {
    const tooMuch = await refusedWith(
      "NO_CAPACITY",
      "RESOURCE_EXHAUSTED",
      create("big", { vcpuCount: 200 }, true),
    );
    const byHost = new Map(tooMuch.preconditions.map((each) => [each.subject, each]));
    assert.deepEqual(
      [...byHost].map(([host, { type }]) => [host, type]),
      [
        ["hosts/bare-01", "bridge"],
        ["hosts/r740-01", "vcpu"],
        ["hosts/r740-02", "vcpu"],
      ],
    );
    assert.equal(
      byHost.get("hosts/r740-01")?.description,
      "found 80 vCPUs free; needs 200 vCPUs; would do: 120 more vCPUs",
    );
    assert.match(tooMuch.metadata["hosts/bare-01"] ?? "", /^bridge: found no datapath applied/);
    const queues = await refusal(create("wide", { vcpuCount: 40, queuePairs: 20 }, true));
    assert.equal(queues.preconditions[1]?.type, "queues");
    const memory = await refusal(create("fat", { memoryBytes: 1024n ** 4n }, true));
    assert.equal(memory.preconditions[1]?.type, "memory");
    const labels = await refusal(create("picky", { hostSelector: { gpu: "yes" } }, true));
    assert.equal(labels.preconditions[1]?.type, "labels");
  });

  it("never gives one slot, MAC or address to two VMs, however many ask at once", async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) => create(`vm-${at}`)),
    );
    const placed = answers.flatMap((answer): Vm[] =>
      answer.status === "fulfilled" ? [answer.value] : [],
    );
    assert.equal(placed.length, 4);
    const slots = placed.map(({ allocation }) => `${allocation?.host} ${allocation?.vfIndex}`);
    assert.equal(new Set(slots).size, 4, slots.join(", "));
    assert.equal(new Set(placed.map(({ allocation }) => allocation?.mac)).size, 4);
    assert.equal(new Set(placed.map(({ allocation }) => allocation?.address)).size, 4);
    const refused = answers.filter(({ status }) => status === "rejected");
    for (const answer of refused) {
      const error = await refusal(Promise.reject((answer as PromiseRejectedResult).reason));
      assert.equal(error.reason, "NO_CAPACITY");
      assert.equal(
        error.preconditions.find(({ subject }) => subject === "hosts/r740-01")?.type,
        "slots",
      );
    }
  });

  it("refuses the name of a VM that exists, before it looks for a place", async () => {
    const { vms } = await world.client.vms.listVms({});
    const name = vms[0]?.name.replace("vms/", "") ?? "";
    await refusedWith("NAME_TAKEN", "ALREADY_EXISTS", create(name));
  });

  it("refuses to delete a network or a profile that is in use", async () => {
    const { networks, profiles } = world.client;
    await refusedWith(
      "RESOURCE_IN_USE",
      "FAILED_PRECONDITION",
      networks.deleteNetwork({ name: "networks/lan" }),
    );
    await refusedWith(
      "RESOURCE_IN_USE",
      "FAILED_PRECONDITION",
      profiles.deleteProfile({ name: "profiles/cx6dx" }),
    );
  });

  it("gives back what a VM took also when it never started", async () => {
    const { vms } = await world.client.vms.listVms({});
    const [vm] = vms;
    assert.ok(vm);
    await refusedWith(
      "VM_NOT_RUNNING",
      "FAILED_PRECONDITION",
      world.client.vms.pingFromVm({ name: vm.name, target: "192.168.101.2" }),
    );
    await world.failJob(vm.job, {
      reason: "VM_START_FAILED",
      message: "QEMU did not start",
      metadata: { stderr: "Could not open disk" },
      step: "01-ensureVmRunning",
    });
    const failed = await world.client.vms.getVm({ name: vm.name });
    assert.equal(failed.failure?.reason, "VM_START_FAILED");
    const deleting = await world.client.vms.deleteVm({ name: vm.name, etag: failed.etag });
    await world.doJob(deleting.job);
    const next = await create("after-failure");
    assert.equal(next.allocation?.vfIndex, vm.allocation?.vfIndex);
    assert.equal(next.allocation?.host, vm.allocation?.host);
    await world.doJob((await world.client.vms.deleteVm({ name: next.name })).job);
  });

  it("tells an exhausted IP pool from an exhausted MAC pool", async () => {
    const { networks } = world.client;
    const one = ["192.168.101.100", "192.168.101.100"] as const;
    const bridgeOnly = { ips: one, macs: ["52:54:00:aa:00:01", "52:54:00:aa:00:09"] as const };
    await networks.createNetwork({ networkId: "one-ip", network: networkOf(bridgeOnly) });
    const oneMac = {
      ips: ["192.168.101.110", "192.168.101.119"],
      macs: ["52:54:00:bb:00:01", "52:54:00:bb:00:01"],
    } as const;
    await networks.createNetwork({ networkId: "one-mac", network: networkOf(oneMac) });
    for (const { name } of (await world.client.vms.listVms({})).vms) {
      await world.doJob((await world.client.vms.deleteVm({ name })).job);
    }
    await create("ip-1", { network: "networks/one-ip" });
    await refusedWith(
      "IP_POOL_EXHAUSTED",
      "RESOURCE_EXHAUSTED",
      create("ip-2", { network: "networks/one-ip" }),
    );
    await create("mac-1", { network: "networks/one-mac" });
    await refusedWith(
      "MAC_POOL_EXHAUSTED",
      "RESOURCE_EXHAUSTED",
      create("mac-2", { network: "networks/one-mac" }),
    );
  });

  it("puts no VM on a host where an exclusive job waits", async () => {
    const { plans } = world.client;
    for (const { name } of (await world.client.vms.listVms({})).vms) {
      await world.doJob((await world.client.vms.deleteVm({ name })).job);
    }
    for (const host of ["hosts/r740-01", "hosts/r740-02"]) {
      const plan = await plans.createPlan({ host, goal: PlanGoal.TEAR_DOWN });
      await plans.applyPlan({ name: plan.name, etag: plan.etag });
    }
    const error = await refusedWith("NO_CAPACITY", "RESOURCE_EXHAUSTED", create("late"));
    assert.equal(
      error.preconditions.find(({ subject }) => subject === "hosts/r740-01")?.type,
      "ready",
    );
  });
});
