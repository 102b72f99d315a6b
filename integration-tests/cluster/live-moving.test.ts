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
import {
  MigrationMethod,
  type Move,
  MoveMode,
  MovePhase,
  Network,
  PlanGoal,
  VmState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { addressOf, importTestImage, TEST_IMAGE, testVm } from "./support/vms.ts";

const MOVE_TIMEOUT_MS = 60_000;
/** Its mlx5_vdpa can be suspended. */
const NEW_KERNEL = { kernelRelease: "6.12.0-55.9.1.el9_4.x86_64" };
const MOVER = "web-1";

const showBig = (_key: string, value: unknown) =>
  typeof value === "bigint" ? String(value) : value;

describe("VMs that move between simulated hosts while they run", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const moves = () => stack.client.moves;
  const get = (name: string) => stack.client.vms.getVm({ name: `vms/${name}` });
  const host = (at: number) => stack.hostNames[at] ?? "";
  const ended = (move: Move): Promise<Move> => {
    let last = move;
    return waitFor(
      async () => {
        last = await moves().getMove({ name: move.name });
        return last.phase === MovePhase.DONE || last.phase === MovePhase.FAILED ? last : undefined;
      },
      { deadlineMs: MOVE_TIMEOUT_MS, describe: () => JSON.stringify(last, showBig) },
    );
  };
  const live = (at: number, mode: MoveMode = MoveMode.LIVE) =>
    moves().moveVm({ vm: `vms/${MOVER}`, targetHost: host(at), mode });
  const moved = async (at: number, mode?: MoveMode) => ended(await live(at, mode));
  const qemuOn = (name: string) =>
    [...stack.simHost(name).machine.boot.processes.values()].find(
      ({ qemu }) => qemu?.name === MOVER,
    )?.qemu;
  /** When the guest that runs was booted, which no live move changes. */
  const bootTime = async () => qemuOn((await get(MOVER)).allocation?.host ?? "")?.guest.bootedAtMs;
  /** The VM runs once, with its disk, and nothing of it is anywhere else. */
  const isWholeOn = async (at: number) => {
    const vm = await waitFor(async () => {
      const found = await get(MOVER);
      return found.state === VmState.RUNNING ? found : undefined;
    });
    assert.equal(vm.allocation?.host, host(at));
    for (const name of stack.hostNames) {
      const sim = stack.simHost(name);
      const isThere = name === host(at);
      assert.equal(sim.vms.includes(MOVER), isThere, `processes of ${name}`);
      const disks = (await sim.exists(VM_DISK_FOLDER)) ? await sim.listFolder(VM_DISK_FOLDER) : [];
      assert.equal(disks.includes(MOVER), isThere, `disks of ${name}`);
      const { capacity } = await stack.client.hosts.getHost({ name });
      const taken = (capacity?.slotCount ?? 0) - (capacity?.slotFreeCount ?? 0);
      assert.equal(taken, (isThere ? 1 : 0) + (name === host(0) ? 1 : 0), `slots of ${name}`);
    }
    assert.equal(stack.simHost(host(0)).machine.managementPorts.size, 0, "no port is left open");
  };
  const answersPings = async () => {
    const { received, transmitted } = await job().ping("vms/peer", addressOf(await get(MOVER)));
    assert.equal(received, transmitted);
  };

  before(async () => {
    stack = await startStack({
      hosts: 3,
      overrides: { "r740-01": NEW_KERNEL, "r740-02": NEW_KERNEL },
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
      log: silentLogger,
    });
    await Promise.all(stack.hostNames.map((name) => job().readyHost(name)));
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    await job().createProfile("vdpa", vdpaDatapath({ vfCount: 3, maxVqp: 8, bridgeAddresses }), {
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
    for (const at of [1, 2]) await moves().cordonHost({ name: host(at), reason: "a test" });
    for (const id of [MOVER, "peer"]) await job().createVm(id, testVm());
    for (const at of [1, 2]) await moves().uncordonHost({ name: host(at) });
  });
  after(() => stack.stop());

  it("are told that they can", async () => {
    const { method, isSupported } = await moves().getMigrationCapability({ vm: `vms/${MOVER}` });
    assert.deepEqual([method, isSupported], [MigrationMethod.LIVE_VDPA, true]);
  });

  it("go with what they wrote, and their guests do not notice", async () => {
    const disk = vmDiskPaths(MOVER).disk;
    const source = stack.simHost(host(0));
    const written = (await source.readFile(disk)).replace(
      '"virtualSizeBytes"',
      '"content":"what a guest wrote","virtualSizeBytes"',
    );
    await source.replaceFile(disk, written);
    const booted = await bootTime();
    const move = await moved(1);
    assert.equal(move.phase, MovePhase.DONE, JSON.stringify(move, showBig));
    assert.equal(move.isLive, true);
    assert.ok(move.downtimeMs !== undefined && move.memoryBytes > 0n, "what it cost is told");
    await isWholeOn(1);
    assert.equal(await stack.simHost(host(1)).readFile(disk), written);
    assert.equal(await bootTime(), booted, "the guest was not booted");
    await answersPings();
  });

  it("go live by themselves where they can, and come home when their host was emptied", async () => {
    const booted = await bootTime();
    const { moves: left } = await moves().evacuateHost({ name: host(1), reason: "new fans" });
    const [first] = left;
    assert.ok(first !== undefined);
    const there = await ended(first);
    assert.deepEqual(
      [there.phase, there.isLive, there.targetHost],
      [MovePhase.DONE, true, host(0)],
    );
    await moves().uncordonHost({ name: host(1) });
    const { moves: back } = await moves().restoreHome({ name: host(1) });
    const [home] = back;
    assert.ok(home !== undefined);
    assert.deepEqual([(await ended(home)).phase, home.mode], [MovePhase.DONE, MoveMode.BEST]);
    await isWholeOn(1);
    assert.equal(await bootTime(), booted);
  });

  it("are refused with the reason where they are to go live and can't", async () => {
    await assert.rejects(live(2), ({ reason, metadata }) => {
      assert.equal(reason, "LIVE_MOVE_BLOCKED");
      assert.match(metadata.found, /^kernel 5\.14\.0.* on the other host$/);
      return true;
    });
    await isWholeOn(1);
  });

  it("run on when the other host does not hear them any more", async () => {
    const booted = await bootTime();
    const target = stack.simHost(host(0));
    target.faults.add({
      match: { kind: "file", operation: "replace", pathEnd: "migration.json" },
      action: { kind: "refuse", errno: "ENOSPC" },
    });
    const unprepared = await moved(0);
    assert.equal(unprepared.phase, MovePhase.FAILED);
    await isWholeOn(1);
    const source = stack.simHost(host(1));
    source.faults.add({
      match: { kind: "file", operation: "replace", pathEnd: "keys.psk" },
      action: { kind: "refuse", errno: "ENOSPC" },
    });
    const unsent = await moved(0);
    assert.equal(unsent.phase, MovePhase.FAILED);
    await isWholeOn(1);
    assert.equal(await bootTime(), booted);
    await answersPings();
  });

  it("go on where they were when their new QEMU ends before it lets them run", async () => {
    const booted = await bootTime();
    const target = stack.simHost(host(0));
    const doomed = setInterval(() => {
      const qemu = qemuOn(host(0));
      if (qemu?.migration.status === "completed" && qemu.status === "paused") target.killVm(MOVER);
    }, 1);
    const move = await moved(0).finally(() => clearInterval(doomed));
    assert.equal(move.phase, MovePhase.FAILED, JSON.stringify(move, showBig));
    assert.equal(move.failure?.reason, "VM_NOT_ARRIVED");
    await isWholeOn(1);
    assert.equal(await bootTime(), booted, "memory and disk of before are one");
    await answersPings();
  });

  it("go stopped where that is asked for", async () => {
    const booted = await bootTime();
    const move = await moved(0, MoveMode.COLD);
    assert.deepEqual([move.phase, move.isLive], [MovePhase.DONE, false]);
    await isWholeOn(0);
    assert.notEqual(await bootTime(), booted);
  });
});
