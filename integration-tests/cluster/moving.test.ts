import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { createSimWeb } from "@switchyard/hostsim";
import { VM_DISK_FOLDER, vmDiskPaths } from "@switchyard/model";
import { JobState, type Move, MovePhase, Network, PlanGoal, Vm, VmState } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { addressOf, importTestImage, TEST_IMAGE } from "./support/vms.ts";

const GIB = 1024 ** 3;
const NAMES = ["web-1", "web-2", "web-3", "web-4"];
const MOVE_TIMEOUT_MS = 60_000;

const vmSpec: Vm = Vm.fromPartial({
  spec: {
    vcpuCount: 2,
    memoryBytes: 2n * BigInt(GIB),
    boot: { $case: "image", value: { image: "images/rocky9", guestSetup: { user: "ada" } } },
    network: "networks/lan",
    queuePairs: 2,
    hasGuestAgent: true,
  },
});

const isEnd = ({ phase }: Move): boolean => phase === MovePhase.DONE || phase === MovePhase.FAILED;

describe("VMs that are moved between simulated hosts", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const moves = () => stack.client.moves;
  const get = (name: string) => stack.client.vms.getVm({ name: `vms/${name}` });
  const cordon = (name: string) => moves().cordonHost({ name, reason: "a test" });
  const uncordon = (name: string) => moves().uncordonHost({ name });
  const first = () => stack.hostNames[0] ?? "";
  const second = () => stack.hostNames[1] ?? "";
  const third = () => stack.hostNames[2] ?? "";

  /** Waits for all moves to end. */
  const ended = async (of: readonly Move[]): Promise<readonly Move[]> => {
    let last: readonly Move[] = [];
    await waitFor(
      async () => {
        last = await Promise.all(of.map(({ name }) => moves().getMove({ name })));
        return last.every(isEnd);
      },
      { deadlineMs: MOVE_TIMEOUT_MS, describe: () => JSON.stringify(last, showBig) },
    );
    return last;
  };
  const showBig = (_key: string, value: unknown) =>
    typeof value === "bigint" ? String(value) : value;

  /** Names of VMs that run, by host: each once, or something is doubled. */
  const running = () => stack.hostNames.map((host) => [...stack.simHost(host).vms].sort());
  const disks = async (host: string) => {
    const sim = stack.simHost(host);
    return (await sim.exists(VM_DISK_FOLDER)) ? await sim.listFolder(VM_DISK_FOLDER) : [];
  };

  before(async () => {
    stack = await startStack({
      hosts: 3,
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
      log: silentLogger,
    });
    await Promise.all(stack.hostNames.map((host) => job().readyHost(host)));
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    await job().createProfile("vdpa", vdpaDatapath({ vfCount: 5, maxVqp: 8, bridgeAddresses }), {
      role: "vm-host",
    });
    for (const host of stack.hostNames) {
      await job().apply(await job().plan(host, PlanGoal.APPLY_PROFILE));
    }
    const spec = {
      bridge: "cxbr0",
      subnet: "192.168.101.0/24",
      ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
      macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
    };
    await job().createNetwork("lan", Network.fromPartial({ spec }));
    await importTestImage(stack.client);
    for (const host of [second(), third()]) await cordon(host);
    for (const id of NAMES) await job().createVm(id, vmSpec);
  });
  after(() => stack.stop());

  it("are not placed on a host that is cordoned", async () => {
    for (const name of NAMES) {
      assert.equal((await get(name)).allocation?.host, first());
    }
    const { cordon: of } = await stack.client.hosts.getHost({ name: second() });
    assert.equal(of?.reason, "a test");
    await uncordon(second());
    await uncordon(third());
    assert.equal((await stack.client.hosts.getHost({ name: second() })).cordon, undefined);
  });

  it("are told where they would go, and nothing is changed", async () => {
    const told = await moves().evacuateHost({ name: first(), validateOnly: true });
    assert.equal(told.moves.length, 4);
    assert.ok(told.moves.every(({ targetHost }) => targetHost !== first() && targetHost !== ""));
    assert.deepEqual((await moves().listMoves({})).moves, []);
    assert.equal((await stack.client.hosts.getHost({ name: first() })).cordon, undefined);
  });

  it("leave a host that is evacuated with their disks, MACs and addresses", async () => {
    const before = await Promise.all(NAMES.map(get));
    const disk = await stack.simHost(first()).readFile(vmDiskPaths("web-1").disk);
    const written = disk.replace(
      '"virtualSizeBytes"',
      '"content":"what a guest wrote","virtualSizeBytes"',
    );
    await stack.simHost(first()).replaceFile(vmDiskPaths("web-1").disk, written);
    const answer = await moves().evacuateHost({ name: first(), reason: "new fans" });
    assert.deepEqual(answer.staying, []);
    const done = await ended(answer.moves);
    assert.deepEqual(
      done.map(({ phase, failure }) => [phase, failure?.message]),
      NAMES.map(() => [MovePhase.DONE, undefined]),
    );
    const moved = await Promise.all(NAMES.map(get));
    for (const [at, vm] of moved.entries()) {
      const [old, now] = [before[at]?.allocation?.nics[0], vm.allocation?.nics[0]];
      assert.equal(vm.state, VmState.RUNNING);
      assert.notEqual(vm.allocation?.host, first());
      assert.deepEqual([now?.mac, now?.address], [old?.mac, old?.address]);
      assert.equal(vm.homeHost, first());
    }
    assert.deepEqual(running().flat().sort(), NAMES);
    assert.deepEqual(running()[0], []);
    assert.deepEqual(await disks(first()), []);
    const host = moved[0]?.allocation?.host ?? "";
    assert.equal(await stack.simHost(host).readFile(vmDiskPaths("web-1").disk), written);
    const { capacity } = await stack.client.hosts.getHost({ name: first() });
    assert.equal(capacity?.slotFreeCount, capacity?.slotCount);
  });

  it("answer pings at the same addresses", async () => {
    const [one, two] = await Promise.all(["web-1", "web-2"].map(get));
    const { received, transmitted } = await job().ping(one?.name ?? "", addressOf(two));
    assert.equal(received, transmitted);
  });

  it("return home once their host takes VMs again", async () => {
    await assert.rejects(moves().restoreHome({ name: first() }), { reason: "HOST_CORDONED" });
    await uncordon(first());
    const { moves: back } = await moves().restoreHome({ name: first(), parallelCount: 4 });
    assert.equal(back.length, 4);
    const done = await ended(back);
    assert.ok(
      done.every(({ phase }) => phase === MovePhase.DONE),
      JSON.stringify(done, showBig),
    );
    assert.deepEqual(running(), [NAMES, [], []]);
    const again = await moves().restoreHome({ name: first() });
    assert.deepEqual(again.moves, [], "they are home");
    const [one, two] = await Promise.all(["web-1", "web-2"].map(get));
    const { received, transmitted } = await job().ping(one?.name ?? "", addressOf(two));
    assert.equal(received, transmitted);
  });

  it("stay where they are, by name and reason, when there is no room", async () => {
    for (const host of [second(), third()]) await cordon(host);
    await assert.rejects(moves().moveVm({ vm: "vms/web-1" }), { reason: "NO_CAPACITY" });
    const told = await moves().evacuateHost({ name: first(), validateOnly: true });
    assert.deepEqual(
      told.staying.map(({ failure }) => failure?.reason),
      NAMES.map(() => "NO_CAPACITY"),
    );
    assert.equal((await get("web-1")).state, VmState.RUNNING);
    for (const host of [second(), third()]) await uncordon(host);
  });

  it("start again where they were when their disk does not fit elsewhere", async () => {
    const full = stack.simHost(second());
    full.faults.add({
      match: { kind: "file", operation: "replace", pathEnd: "disk.qcow2.part" },
      action: { kind: "refuse", errno: "ENOSPC" },
    });
    const move = await moves().moveVm({ vm: "vms/web-1", targetHost: second() });
    const [failed] = await ended([move]);
    assert.equal(failed?.phase, MovePhase.FAILED);
    assert.equal(failed?.failure?.reason, "DISK_NO_SPACE");
    const vm = await get("web-1");
    assert.deepEqual([vm.state, vm.allocation?.host], [VmState.RUNNING, first()]);
    assert.deepEqual(running(), [NAMES, [], []]);
    assert.deepEqual(await disks(second()), []);
    const { capacity } = await stack.client.hosts.getHost({ name: second() });
    assert.equal(capacity?.slotFreeCount, capacity?.slotCount);
  });

  it("start again where they were when QEMU does not start elsewhere", async () => {
    stack.simHost(third()).faults.add({
      match: { kind: "run", program: "prlimit", words: ["qemu-system-x86_64"] },
      action: { kind: "fail", exitCode: 1, stderr: "qemu-system-x86_64: no memory" },
    });
    const move = await moves().moveVm({ vm: "vms/web-2", targetHost: third() });
    const [failed] = await ended([move]);
    assert.equal(failed?.phase, MovePhase.FAILED, JSON.stringify(failed, showBig));
    assert.equal(failed?.failure?.reason, "VM_START_FAILED");
    assert.deepEqual((await get("web-2")).allocation?.host, first());
    assert.deepEqual(running(), [NAMES, [], []]);
    assert.deepEqual(await disks(third()), []);
  });

  it("are told how they could be moved, and why no better", async () => {
    const told = await moves().getMigrationCapability({ vm: "vms/web-1" });
    assert.equal(told.isSupported, true);
    assert.ok(told.obstacles.every(({ found, needs }) => found !== "" && needs !== ""));
    const [job1] = (await stack.client.jobs.listJobs({ pageSize: 1 })).jobs;
    assert.notEqual(job1?.state, JobState.NEEDS_OPERATOR);
  });
});
