import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { JobSpec } from "@switchyard/model";
import { createFastClock } from "../testing/fast-clock.ts";
import { createTestbed, endAllLives, type Testbed, vmInSlot } from "../testing/testbed.ts";

/** Guests take seconds to power off. */
const FAST = 100;
const vm = vmInSlot(0);
const work = (kind: "stop-vm" | "reboot-vm", gracePeriodMs: number): JobSpec => ({
  ...{ kind, vm, gracePeriodMs },
});
const start: JobSpec = { kind: "start-vm", vm };

async function withVm(overrides: object = {}): Promise<Testbed> {
  const bed = createTestbed({ clock: createFastClock(FAST), host: { overrides } });
  const { agent } = await bed.start();
  assert.equal((await bed.runJob(await bed.applyHost())).state, "succeeded");
  assert.equal((await bed.runJob(start)).state, "succeeded");
  await agent.stop();
  await bed.start();
  return bed;
}

const pidOf = (bed: Testbed) =>
  [...bed.host.machine.boot.processes.values()].find(({ qemu }) => qemu?.name === "vm-0")?.pid;

afterEach(endAllLives);

describe("the life of a VM on its host", () => {
  it("is stopped by its guest, which is asked, and started again in its slot", async () => {
    const bed = await withVm();
    const stopped = await bed.runJob(work("stop-vm", 30_000));
    assert.equal(stopped.state, "succeeded", JSON.stringify(stopped.failure));
    assert.deepEqual(bed.host.vms, []);
    const started = await bed.runJob(start);
    assert.equal(started.state, "succeeded");
    assert.equal(started.result.changedSteps, 2, "the process and the guest's address");
    assert.deepEqual(bed.host.vms, ["vm-0"]);
  });

  it("is ended when its guest does not power off in time", async () => {
    const bed = await withVm({ guestsHeedPowerdown: false });
    const stopped = await bed.runJob(work("stop-vm", 2_000));
    assert.equal(stopped.state, "succeeded", JSON.stringify(stopped.failure));
    assert.deepEqual(bed.host.vms, []);
  });

  it("is stopped once, though that is asked for twice", async () => {
    const bed = await withVm();
    await bed.runJob(work("stop-vm", 0));
    const again = await bed.runJob(work("stop-vm", 0));
    assert.deepEqual([again.state, again.result.changedSteps], ["succeeded", 0]);
  });

  it("reboots into a process of its own", async () => {
    const bed = await withVm();
    const before = pidOf(bed);
    const rebooted = await bed.runJob(work("reboot-vm", 30_000));
    assert.equal(rebooted.state, "succeeded", JSON.stringify(rebooted.failure));
    assert.notEqual(pidOf(bed), before);
    assert.deepEqual(bed.host.vms, ["vm-0"]);
  });

  it("stays stopped, and says so, when the second half of a reboot fails", async () => {
    const bed = await withVm();
    bed.host.faults.add({
      match: { kind: "run", program: "prlimit", words: ["qemu-system-x86_64"] },
      action: { kind: "fail", exitCode: 1, stderr: "qemu-system-x86_64: a test refuses" },
    });
    const rebooted = await bed.runJob(work("reboot-vm", 0));
    assert.equal(rebooted.failure?.reason, "VM_START_FAILED");
    assert.match(rebooted.result.leftState ?? "", /Still in effect: Stop VM vm-0/);
    assert.deepEqual(bed.host.vms, []);
  });
});
