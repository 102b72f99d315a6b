import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { JobState, Network, PlanGoal, PlanState, Vm, VmState } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { addressOf } from "./support/vms.ts";

const HOSTS = 4;
/** So long that only a job's end, or somebody who asks, makes an agent look at its host. */
const NEVER_BY_ITSELF = { heartbeatMs: 1_000, inventoryMs: 3_600_000, telemetryMs: 1_000 };
const GIB = 1024n ** 3n;

const smallVm = (hostSelector: Record<string, string> = {}): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 2,
      memoryBytes: 2n * GIB,
      boot: {
        $case: "disk",
        value: { path: "/var/lib/switchyard/images/rocky9.qcow2", format: "qcow2" },
      },
      network: "networks/lan",
      queuePairs: 2,
      hostSelector,
      hasGuestAgent: true,
    },
  });

describe("the main job on simulated hosts", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });

  before(async () => {
    stack = await startStack({ hosts: HOSTS, intervals: NEVER_BY_ITSELF, log: silentLogger });
    await Promise.all(stack.hostNames.map((host) => job().readyHost(host)));
    await job().createProfile(
      "vdpa",
      vdpaDatapath({
        vfCount: 2,
        maxVqp: 8,
        bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.19" },
      }),
      { role: "vm-host" },
    );
    await job().createNetwork(
      "lan",
      Network.fromPartial({
        spec: {
          bridge: "cxbr0",
          subnet: "192.168.101.0/24",
          ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
          macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
        },
      }),
    );
  });

  after(() => stack.stop());

  it("plans right after a job from an inventory younger than the job", async () => {
    for (const host of stack.hostNames) {
      const plan = await job().plan(host, PlanGoal.APPLY_PROFILE);
      assert.equal(plan.state, PlanState.READY);
      const applied = await job().apply(plan);
      assert.equal(applied.state, JobState.SUCCEEDED);
      const again = await job().plan(host, PlanGoal.APPLY_PROFILE);
      assert.equal(again.state, PlanState.EMPTY);
    }
  });

  it("refuses to apply one plan twice", async () => {
    const plans = await stack.client.plans.listPlans({ host: stack.hostNames[0] ?? "" });
    const applied = plans.plans.find(({ state }) => state === PlanState.APPLIED);
    await assert.rejects(
      stack.client.plans.applyPlan({ name: applied?.name ?? "", etag: applied?.etag ?? "" }),
      { reason: "PLAN_ALREADY_APPLIED" },
    );
  });

  it("starts VMs that answer each other's ping, and cuts one off with its representor", async () => {
    const first = await job().createVm("first", smallVm());
    const second = await job().createVm("second", smallVm());
    assert.deepEqual([first.state, second.state], [VmState.RUNNING, VmState.RUNNING]);
    assert.notEqual(first.allocation?.host, second.allocation?.host, "spread over hosts");
    const reached = await job().ping(first.name, addressOf(second));
    assert.equal(reached.received, reached.transmitted);

    const host = stack.simHost(second.allocation?.host ?? "");
    await host.run({ argv: ["ovs-vsctl", "del-port", "cxbr0", "eth0"] });
    const cutOff = await job().ping(first.name, addressOf(second));
    assert.equal(cutOff.received, 0);
    await host.run({ argv: ["ovs-vsctl", "add-port", "cxbr0", "eth0"] });
    const back = await job().ping(first.name, addressOf(second));
    assert.equal(back.received, back.transmitted);
  });

  it("plans a host with a VM on it as empty, because the slot's MAC is the VM's", async () => {
    const vm = await stack.client.vms.getVm({ name: "vms/first" });
    const plan = await job().plan(vm.allocation?.host ?? "", PlanGoal.APPLY_PROFILE);
    assert.equal(plan.state, PlanState.EMPTY);
  });

  it("blocks the teardown of a host while a VM runs on it, with the VM's name", async () => {
    const vm = await stack.client.vms.getVm({ name: "vms/first" });
    const plan = await job().plan(vm.allocation?.host ?? "", PlanGoal.TEAR_DOWN);
    assert.equal(plan.state, PlanState.BLOCKED);
    assert.deepEqual(plan.affectedVms, ["vms/first"]);
    assert.ok(plan.findings.some(({ reason }) => reason === "VMS_WOULD_BREAK"));
  });

  it("tears hosts down to where they were, once the VMs are deleted", async () => {
    for (const vm of ["vms/first", "vms/second"]) await job().deleteVm(vm);
    for (const host of stack.hostNames) {
      await job().apply(await job().plan(host, PlanGoal.TEAR_DOWN));
      const again = await job().plan(host, PlanGoal.TEAR_DOWN);
      assert.equal(again.state, PlanState.EMPTY);
      const { inventory } = await stack.client.hosts.getHost({ name: host });
      assert.equal(inventory?.nics[0]?.pfs[0]?.eswitchMode, "legacy");
      assert.equal(inventory?.nics[0]?.pfs[0]?.vfCount, 0);
      assert.deepEqual(inventory?.ovs?.bridges, []);
    }
    const networks = await stack.client.networks.getNetwork({ name: "networks/lan" });
    assert.equal(networks.allocatedAddressCount, 0);
  });
});
