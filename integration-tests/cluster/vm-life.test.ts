import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Network, PlanGoal, Profile, Vm, VmState, waitForJob } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import type { SimHost } from "@switchyard/hostsim";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

const HOST = "hosts/r740-01";
const GIB = 1024n ** 3n;
const DEADLINE_MS = 60_000;
/** So long that only the watch over processes sees an end in time. */
const RARELY = 3_600_000;

const vmOf = (change: object = {}): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 2,
      memoryBytes: 2n * GIB,
      boot: {
        $case: "disk",
        value: { path: "/var/lib/switchyard/images/rocky9.qcow2", format: "qcow2" },
      },
      network: "networks/lan",
      hasGuestAgent: true,
      ...change,
    },
  });

async function startCluster(inventoryMs: number): Promise<Stack> {
  const stack = await startStack({
    hosts: 1,
    intervals: { heartbeatMs: 500, inventoryMs, telemetryMs: RARELY },
    log: silentLogger,
  });
  const { client } = stack;
  await client.profiles.createProfile({
    profileId: "r740",
    profile: Profile.fromPartial({
      spec: {
        selector: SIM_LABELS,
        datapath: vdpaDatapath({
          vfCount: 2,
          maxVqp: 16,
          bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
        }),
      },
    }),
  });
  await client.networks.createNetwork({
    networkId: "lan",
    network: Network.fromPartial({
      spec: {
        bridge: "cxbr0",
        subnet: "192.168.101.0/24",
        ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
        macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
      },
    }),
  });
  const report = createReport(process.stderr);
  const job = createMainJob({ client, report, timeouts: SIMULATED_TIMEOUTS });
  await job.readyHost(HOST);
  await job.apply(await job.plan(HOST, PlanGoal.APPLY_PROFILE));
  return stack;
}

/** The verbs of a VM's life, each to its end. */
function verbsOf(stack: Stack) {
  const { vms } = stack.client;
  const get = (id: string) => vms.getVm({ name: `vms/${id}` });
  const done = async (vm: Vm): Promise<Vm> => {
    await waitForJob(stack.client, vm.job, { timeoutMs: DEADLINE_MS });
    return vms.getVm({ name: vm.name });
  };
  return {
    get,
    create: async (id: string, change: object = {}) =>
      done(await vms.createVm({ vmId: id, vm: vmOf(change) })),
    start: async (id: string) => done(await vms.startVm({ name: `vms/${id}` })),
    stop: async (id: string, force = false) => done(await vms.stopVm({ name: `vms/${id}`, force })),
    remove: async (id: string) => {
      const { job } = await vms.deleteVm({ name: `vms/${id}` });
      await waitForJob(stack.client, job, { timeoutMs: DEADLINE_MS });
    },
    becomes: async (id: string, state: VmState): Promise<Vm> => {
      let last: Vm | undefined;
      return waitFor(
        async () => {
          last = await get(id);
          return last.state === state ? last : undefined;
        },
        { deadlineMs: DEADLINE_MS, describe: () => JSON.stringify(Vm.toJSON(last ?? vmOf())) },
      );
    },
  };
}

describe("a VM that comes to its end by itself", () => {
  let stack: Stack;
  let sim: SimHost;
  let vm: ReturnType<typeof verbsOf>;
  before(async () => {
    stack = await startCluster(RARELY);
    sim = stack.simHost(HOST);
    vm = verbsOf(stack);
    assert.equal((await vm.create("web-1")).state, VmState.RUNNING);
  });
  after(() => stack.stop());

  it("is stopped, and not failed, when its guest powered off", async () => {
    sim.befallVm("web-1", { kind: "shuts-down" });
    const stopped = await vm.becomes("web-1", VmState.STOPPED);
    assert.equal(stopped.stateReason, "the guest shut itself down");
    assert.equal(stopped.failure, undefined);
    assert.equal((await vm.start("web-1")).state, VmState.RUNNING);
  });

  const FAILURES = [
    [
      "the kernel killed it for memory",
      { kind: "out-of-memory" },
      "VM_OUT_OF_MEMORY",
      /^Out of memory: Killed process \d+ \(sy-web-1\)/,
    ],
    [
      "QEMU crashed",
      { kind: "crashes", stderr: "qemu-system-x86_64: assertion failed\n" },
      "VM_PROCESS_ENDED",
      /assertion failed/,
    ],
    ["somebody killed it", { kind: "killed" }, "VM_PROCESS_ENDED", /ended without a word/],
  ] as const;
  for (const [what, fate, reason, found] of FAILURES) {
    it(`has failed, with the reason, when ${what}; and starts again when told to`, async () => {
      sim.befallVm("web-1", fate);
      const failed = await vm.becomes("web-1", VmState.FAILED);
      assert.equal(failed.failure?.reason, reason);
      assert.match(failed.failure?.metadata["found"] ?? "", found);
      assert.equal((await vm.start("web-1")).state, VmState.RUNNING);
      assert.deepEqual(sim.vms, ["web-1"]);
    });
  }

  it("says so in the audit", async () => {
    const { events } = await stack.client.events.listEvents({ resource: "vms/web-1" });
    const own = events.filter(({ actor }) => actor === "controller/vms");
    assert.ok(own.some(({ details }) => details["failure"] === "VM_OUT_OF_MEMORY"));
    assert.ok(own.some(({ details }) => details["reason"] === "the guest shut itself down"));
  });

  it("does not notice that the agent is gone, and is there for the next one", async () => {
    const pid = () => [...sim.machine.boot.processes.values()].find(({ qemu }) => qemu)?.pid;
    const before = pid();
    stack.agents[0]?.restart();
    assert.equal(pid(), before);
    assert.equal((await vm.stop("web-1")).state, VmState.STOPPED);
    assert.ok(before !== undefined && pid() === undefined);
  });
});

describe("VMs of a host that boots", () => {
  let stack: Stack;
  let vm: ReturnType<typeof verbsOf>;
  before(async () => {
    stack = await startCluster(200);
    vm = verbsOf(stack);
    const path = "/var/lib/switchyard/images/once.qcow2";
    await stack.simHost(HOST).replaceFile(path, "a disk of its own");
    await vm.create("again", { autostart: true });
    await vm.create("once", { boot: { $case: "disk", value: { path, format: "qcow2" } } });
  });
  after(() => stack.stop());

  it("come back where that was asked for, and say why they stand where it was not", async () => {
    const before = await vm.get("again");
    await stack.simHost(HOST).reboot("power cut");
    const stopped = await vm.becomes("once", VmState.STOPPED);
    assert.equal(stopped.stateReason, "its host booted");
    const again = await vm.becomes("again", VmState.RUNNING);
    assert.notEqual(again.job, before.job);
    assert.deepEqual(again.allocation, before.allocation);
    assert.deepEqual(stack.simHost(HOST).vms, ["again"]);
  });

  it("come back though nobody heard of the boot until later", async () => {
    await stack.broker.nats.kill9();
    await stack.simHost(HOST).reboot("power cut");
    await waitFor(async () => stack.simHost(HOST).vms.length === 0 || undefined, {
      deadlineMs: DEADLINE_MS,
    });
    await stack.broker.nats.restart();
    await waitFor(async () => stack.simHost(HOST).vms.length === 1 || undefined, {
      deadlineMs: DEADLINE_MS,
    });
    await vm.becomes("again", VmState.RUNNING);
  });

  it("stay stopped where they were stopped before", async () => {
    await vm.stop("again", true);
    await stack.simHost(HOST).reboot("power cut");
    const { bootId } = stack.simHost(HOST);
    await waitFor(
      async () => {
        const { inventory } = await stack.client.hosts.getHost({ name: HOST });
        return inventory?.bootId === bootId ? true : undefined;
      },
      { deadlineMs: DEADLINE_MS },
    );
    assert.equal((await vm.get("again")).state, VmState.STOPPED);
    assert.deepEqual(stack.simHost(HOST).vms, []);
  });

  it("are noticed when their guest's kernel panics, and start again", async () => {
    await vm.start("once");
    stack.simHost(HOST).befallVm("once", { kind: "panics" });
    const failed = await vm.becomes("once", VmState.FAILED);
    assert.equal(failed.failure?.reason, "VM_GUEST_PANICKED");
    assert.equal((await vm.start("once")).state, VmState.RUNNING);
  });

  it("leave nothing behind when they are deleted", async () => {
    for (const id of ["again", "once"]) await vm.remove(id);
    const { capacity } = await stack.client.hosts.getHost({ name: HOST });
    assert.equal(capacity?.slotFreeCount, 2);
    assert.deepEqual(stack.simHost(HOST).vms, []);
  });
});
