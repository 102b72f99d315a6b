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
import { bmcSettingsPathOf } from "@switchyard/host";
import { createSimWeb, type SimHost } from "@switchyard/hostsim";
import { VM_DISK_FOLDER } from "@switchyard/model";
import {
  HostState,
  JobState,
  type Move,
  MoveCause,
  MoveMode,
  MovePhase,
  Network,
  PlanGoal,
  Vm,
  VmState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { importTestImage, TEST_IMAGE } from "./support/vms.ts";

const GIB = 1024 ** 3;
/** A lease and its sweep, on a machine that does much else. */
const LOST_DEADLINE_MS = 120_000;
const DEADLINE_MS = 60_000;

/** Its mlx5_vdpa can be suspended, so that a VM can go live. */
const kernelRelease = "6.12.0-55.9.1.el9_4.x86_64";
/** Of a VM that is on its way when its host is lost: so long its memory is sent. */
const GOING = "web-2";
const MEMORY_SEND_MS = 20_000;

const vmSpec = Vm.fromPartial({
  spec: {
    vcpuCount: 2,
    memoryBytes: 2n * BigInt(GIB),
    boot: { $case: "image", value: { image: "images/rocky9" } },
    network: "networks/lan",
    hasGuestAgent: true,
  },
});

/** The user of a lost host's BMC, in a file of the host that is to ask it. */
async function introduce(asker: SimHost, lost: SimHost): Promise<void> {
  const { address, user, password, publicKeyPin: publicKey } = lost.machine.spec.bmc;
  const passwordFile = "/etc/switchyard/lost.password";
  await asker.replaceFile(passwordFile, `${password}\n`);
  const settings = JSON.stringify({ address, user, passwordFile, publicKey });
  await asker.replaceFile(bmcSettingsPathOf(lost.name), settings);
}

const isSending = ({ machine }: SimHost): boolean =>
  [...machine.boot.processes.values()].some(({ qemu }) => qemu?.migration.status === "active");

describe("a host that is lost with a VM on it", () => {
  let stack: Stack;
  let lost = "";
  let address = "";
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const moves = () => stack.client.moves;
  const vm = (name = "web-1") => stack.client.vms.getVm({ name: `vms/${name}` });
  const host = () => stack.client.hosts.getHost({ name: lost });
  /** Machines with power on which the process runs. */
  const runningOn = (vmId = "web-1") =>
    stack.hostNames.filter((name) => {
      const sim = stack.simHost(name);
      return sim.machine.bmc.powerState === "On" && sim.vms.includes(vmId);
    });
  const other = () => stack.hostNames.find((name) => name !== lost) ?? "";
  let going: Move | undefined;
  const goingNow = () => moves().getMove({ name: going?.name ?? "" });

  before(async () => {
    const overrides = {
      "r740-01": { isBmcConfigured: true, kernelRelease },
      "r740-02": { isBmcConfigured: true, kernelRelease },
    };
    stack = await startStack({
      ...{ hosts: 2, overrides, log: silentLogger },
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
    });
    await Promise.all(stack.hostNames.map((name) => job().readyHost(name)));
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    await job().createProfile("vdpa", vdpaDatapath({ vfCount: 2, maxVqp: 8, bridgeAddresses }), {
      role: "vm-host",
    });
    for (const name of stack.hostNames) {
      await job().apply(await job().plan(name, PlanGoal.APPLY_PROFILE));
    }
    const spec = {
      bridge: "cxbr0",
      subnet: "192.168.101.0/24",
      ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
      macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
    };
    await job().createNetwork("lan", Network.fromPartial({ spec }));
    await importTestImage(stack.client);
    await job().createVm("web-1", vmSpec);
    const { allocation } = await vm();
    lost = allocation?.host ?? "";
    address = allocation?.nics[0]?.address ?? "";
    await moves().cordonHost({ name: other(), reason: "a test" });
    await job().createVm(GOING, vmSpec);
    await moves().uncordonHost({ name: other() });
  });
  after(() => stack.stop());

  it("can't be fenced while its agent reports", async () => {
    const by = { $case: "operator", value: { reason: "looks dead" } } as const;
    await assert.rejects(moves().fenceHost({ name: lost, by }), { reason: "HOST_NOT_LOST" });
  });

  it("is lost when its heartbeats stay away, and its VM is lost, not failed", async () => {
    const sim = stack.simHost(lost);
    Object.assign(sim.machine.spec, { guestMemorySendMs: MEMORY_SEND_MS });
    going = await moves().moveVm({ vm: `vms/${GOING}`, mode: MoveMode.LIVE });
    await waitFor(() => isSending(sim), { deadlineMs: DEADLINE_MS });
    await sim.run({ argv: ["ip", "link", "set", "eno1", "down"] });
    await waitFor(async () => (await host()).state === HostState.LOST, {
      deadlineMs: LOST_DEADLINE_MS,
    });
    const seen = await vm();
    assert.equal(seen.state, VmState.LOST);
    assert.match(seen.stateReason, /is lost/);
    assert.deepEqual(runningOn(), [lost], "it runs on, and nobody has started it elsewhere");
    assert.equal(
      (await goingNow()).phase,
      MovePhase.MIGRATING,
      "one on its way waits for its host",
    );
    assert.equal((await vm(GOING)).state, VmState.MOVING);
  });

  it("keeps its VM until it is fenced", async () => {
    await assert.rejects(moves().evacuateHost({ name: lost }), { reason: "HOST_NOT_READY" });
    await assert.rejects(moves().evacuateHost({ name: lost, isFenced: true }), {
      reason: "HOST_NOT_FENCED",
    });
    await assert.rejects(moves().moveVm({ vm: "vms/web-1" }), { reason: "VM_STATE_CONFLICT" });
    assert.deepEqual((await moves().listMoves({ vm: "vms/web-1" })).moves, []);
  });

  it("is fenced by another host that takes its power away and sees that it is gone", async () => {
    await introduce(stack.simHost(other()), stack.simHost(lost));
    const by = { $case: "power", value: { byHost: other() } } as const;
    const { job: made } = await moves().fenceHost({ name: lost, by });
    const { state } = await waitForJob(stack.client, made?.name ?? "", { timeoutMs: DEADLINE_MS });
    assert.equal(state, JobState.SUCCEEDED);
    assert.equal(stack.simHost(lost).machine.bmc.powerState, "Off");
    const { fence, cordon } = await host();
    assert.match(fence?.evidence ?? "", /power is off/);
    assert.notEqual(cordon, undefined);
    assert.deepEqual(runningOn(), []);
  });

  it("leaves nothing on the other host of a VM that was on its way", async () => {
    const move = await waitFor(async () => {
      const now = await goingNow();
      return now.phase === MovePhase.FAILED ? now : undefined;
    });
    assert.equal(move.failure?.reason, "HOST_FENCED");
    assert.equal((await vm(GOING)).state, VmState.LOST);
    const { machine } = stack.simHost(other());
    assert.deepEqual(runningOn(GOING), []);
    assert.equal(machine.managementPorts.size, 0, "no port is left open");
    assert.deepEqual(await stack.simHost(other()).listFolder(VM_DISK_FOLDER), []);
    const { capacity } = await stack.client.hosts.getHost({ name: other() });
    assert.equal(capacity?.slotFreeCount, capacity?.slotCount);
  });

  it("has its VM started elsewhere only with a disk made anew, when that is said", async () => {
    const told = await moves().evacuateHost({ name: lost, isFenced: true });
    assert.deepEqual(told.moves, []);
    assert.deepEqual(
      told.staying.map(({ failure }) => failure?.reason),
      ["VM_DISK_LEFT", "VM_DISK_LEFT"],
    );
    const request = { name: lost, isFenced: true, hasNewDisks: true };
    const { moves: begun } = await moves().evacuateHost(request);
    assert.equal(begun[0]?.cause, MoveCause.FENCED);
    for (const name of ["web-1", GOING]) {
      await waitFor(async () => (await vm(name)).state === VmState.RUNNING, {
        deadlineMs: DEADLINE_MS,
      });
    }
    assert.deepEqual(runningOn(GOING), [other()]);
    const seen = await vm();
    assert.notEqual(seen.allocation?.host, lost);
    assert.equal(seen.allocation?.nics[0]?.address, address);
    assert.deepEqual(runningOn(), [seen.allocation?.host]);
    const [move] = (await moves().listMoves({ liveOnly: true })).moves;
    assert.equal(move?.phase, MovePhase.CLEARING, "what is left waits for its host");
    await assert.rejects(moves().uncordonHost({ name: lost }), { reason: "HOST_FENCED" });
  });

  it("starts nothing of what it had when it is back, and is cleared before it takes VMs", async () => {
    const sim = stack.simHost(lost);
    sim.machine.bmc.onReset("On");
    await waitFor(
      async () => {
        const on = runningOn();
        assert.ok(on.length === 1 && on[0] !== lost, `it runs on ${on}`);
        return (await moves().listMoves({ liveOnly: true })).moves.length === 0;
      },
      { deadlineMs: LOST_DEADLINE_MS, pollMs: 100 },
    );
    assert.deepEqual(await sim.listFolder(VM_DISK_FOLDER), []);
    assert.equal((await host()).fence, undefined);
    const open = await moves().uncordonHost({ name: lost });
    assert.equal(open.cordon, undefined);
    assert.equal(open.capacity?.slotFreeCount, open.capacity?.slotCount);
    assert.equal((await vm()).state, VmState.RUNNING);
  });
});
