import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { guestExec } from "@switchyard/host";
import type { Life } from "@switchyard/hostsim";
import { type MigrationChannel, parseMoveId, vmPaths } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import type { Agent } from "../agent.ts";
import { createFastClock } from "../testing/fast-clock.ts";
import { createTestbed, endAllLives, type Testbed, vmInSlot } from "../testing/testbed.ts";

const VM = "vm-0";
const paths = vmPaths(VM);
const LONG_MS = 600_000;

const isFrozen = async ({ host }: Testbed): Promise<boolean> =>
  await guestExec(host, paths.guestAgentSocket, ["hostname"], {
    timeoutMs: 1000,
    clock: systemClock,
  }).then(
    () => false,
    (error: { readonly reason?: string }) => {
      assert.equal(error.reason, "GUEST_COMMAND_FAILED");
      return true;
    },
  );
const untilThawed = (bed: Testbed) =>
  waitFor(async () => {
    const isOver = !(await isFrozen(bed)) && !(await bed.host.exists(paths.frozenMark));
    return isOver || undefined;
  });
const freeze = (bed: Testbed, id = "one", maxMs = LONG_MS) =>
  bed.bus.ask("freeze", { vm: VM, id, maxMs });
const thaw = (bed: Testbed, id?: string) => bed.bus.ask("thaw", { vm: VM, id });
const freezeNow = async (bed: Testbed, id?: string, maxMs?: number) => {
  const answer = await freeze(bed, id, maxMs);
  assert.equal(answer.isDone, true, answer.message);
  assert.equal(await isFrozen(bed), true);
  return answer;
};

describe("a frozen guest", () => {
  const bed = createTestbed();
  let agent: Agent;
  let life: Life;
  before(async () => {
    ({ agent, life } = await bed.start());
    await bed.runJob(await bed.applyHost());
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
  });
  beforeEach(() => untilThawed(bed));
  after(async () => {
    await agent.stop();
    endAllLives();
  });

  it("is thawed by who froze it, and nobody is told of more than was frozen", async () => {
    const beforeMs = systemClock.nowMs();
    const { frozen } = await freezeNow(bed);
    assert.equal(frozen?.count, 2);
    assert.ok((frozen.thawAtMs ?? 0) >= beforeMs + LONG_MS);
    assert.deepEqual((await thaw(bed, "one")).frozen, { count: 2 });
    assert.equal(await isFrozen(bed), false);
    assert.deepEqual((await thaw(bed, "one")).frozen, { count: 0 }, "may be thawed twice");
    assert.deepEqual((await thaw(bed)).frozen, { count: 0 });
  });

  it("is thawed at its limit, though nobody asks for it", async () => {
    await freezeNow(bed, "one", 300);
    await untilThawed(bed);
    assert.deepEqual((await thaw(bed, "one")).frozen, { count: 0 });
  });

  it("is frozen for one at a time, who alone can end it by its name", async () => {
    await freezeNow(bed, "one");
    const second = await freeze(bed, "two");
    assert.equal(second.reason, "GUEST_FROZEN");
    assert.match(second.metadata?.["found"] ?? "", /^frozen until 2/);
    assert.deepEqual((await thaw(bed, "two")).frozen, { count: 0 });
    assert.equal(await isFrozen(bed), true);
    assert.deepEqual((await thaw(bed)).frozen, { count: 2 }, "an operator ends any");
  });

  it("runs no programs", async () => {
    await freezeNow(bed);
    const argv = ["hostname"];
    const answer = await bed.bus.ask("exec", { vm: VM, argv, timeoutMs: 1_000 });
    assert.equal(answer.reason, "GUEST_FROZEN");
    await thaw(bed);
  });

  it("is told of in the inventory for as long", async () => {
    const told = () =>
      bed.bus.inventories.at(-1)?.inventory.vms.find(({ vm }) => vm === VM)?.freeze;
    await freezeNow(bed);
    assert.equal((await waitFor(told)).fileSystemCount, 2);
    await thaw(bed);
    await waitFor(() => (told() === undefined ? true : undefined));
  });

  it("is not frozen where the VM does not run, or what is asked for has no end", async () => {
    const absent = await bed.bus.ask("freeze", { vm: "absent", id: "one", maxMs: 1_000 });
    assert.equal(absent.reason, "VM_NOT_RUNNING");
    assert.equal(await bed.host.exists(vmPaths("absent").frozenMark), false);
    const endless = await bed.bus.ask("freeze", { vm: VM, id: "one" });
    assert.equal(endless.reason, "FIELD_INVALID");
    const none = await bed.bus.ask("thaw", { vm: "absent" });
    assert.deepEqual(none.frozen, { count: 0 });
  });

  it("is thawed by an agent that stops", async () => {
    await freezeNow(bed);
    await agent.stop();
    assert.equal(await isFrozen(bed), false);
    assert.equal(await bed.host.exists(paths.frozenMark), false);
    ({ agent, life } = await bed.start());
  });

  it("is thawed by the next agent when this one was killed, long before its limit", async () => {
    await freezeNow(bed);
    life.kill();
    assert.equal(await isFrozen(bed), true);
    ({ agent, life } = await bed.start());
    await untilThawed(bed);
  });

  it("leaves no mark where the agent was killed after writing it and before freezing", async () => {
    life.kill();
    await bed.host.replaceFile(paths.frozenMark, "2026-11-27T12:00:30.000Z\n");
    ({ agent, life } = await bed.start());
    await untilThawed(bed);
  });

  it("is thawed by a job of its VM, which then does its work", async () => {
    await freezeNow(bed);
    const job = { kind: "stop-vm", vm: vmInSlot(0), gracePeriodMs: 60_000 } as const;
    const stopped = await bed.runJob(job);
    assert.equal(stopped.state, "succeeded", JSON.stringify(stopped.failure));
    assert.deepEqual((await thaw(bed, "one")).frozen, { count: 0 });
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
  });
});

describe("a frozen guest that does not answer", () => {
  const bed = createTestbed({ clock: createFastClock(100) });
  before(async () => {
    await bed.start();
    await bed.runJob(await bed.applyHost());
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
  });
  after(endAllLives);
  const silence = () =>
    bed.host.faults.add({
      match: { kind: "socket", pathEnd: paths.guestAgentSocket },
      action: { kind: "refuse", errno: "EAGAIN" },
      times: Number.POSITIVE_INFINITY,
    });
  const untilUnmarked = () =>
    waitFor(async () => ((await bed.host.exists(paths.frozenMark)) ? undefined : true));

  it("is told of, and thawed as soon as it answers", async () => {
    await freezeNow(bed);
    silence();
    const answer = await thaw(bed, "one");
    assert.equal(answer.reason, "GUEST_NOT_THAWED");
    bed.host.faults.clear();
    await untilUnmarked();
    assert.equal(await isFrozen(bed), false);
  });

  it("is not sent to another host as it is", async () => {
    await freezeNow(bed);
    silence();
    const channel: MigrationChannel = {
      move: parseMoveId("0190c8a4-0000-7000-8000-00000000000a"),
      ...{ address: "127.0.0.1", memoryPort: 1, diskPort: undefined, sealedKey: "" },
    };
    const moved = await bed.runJob({ kind: "migrate-vm", vm: vmInSlot(0), channel });
    assert.deepEqual([moved.state, moved.failure?.reason], ["failed", "GUEST_NOT_THAWED"]);
    bed.host.faults.clear();
    await untilUnmarked();
    assert.equal(await isFrozen(bed), false);
  });

  it("does not keep a job from ending its VM", async () => {
    await freezeNow(bed);
    silence();
    const job = { kind: "stop-vm", vm: vmInSlot(0), gracePeriodMs: 0 } as const;
    assert.equal((await bed.runJob(job)).state, "succeeded");
    await untilUnmarked();
    bed.host.faults.clear();
    const again = await freeze(bed);
    assert.equal(again.reason, "VM_NOT_RUNNING");
  });
});
