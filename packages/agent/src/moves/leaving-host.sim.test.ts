import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { parseHostId, parseMoveId, parseSha256, vmDiskPaths } from "@switchyard/model";
import { createFastClock } from "../testing/fast-clock.ts";
import { createTestbed, endAllLives, HOST, vmInSlot } from "../testing/testbed.ts";

const DISK = "the disk of a VM";
const vm = vmInSlot(0);
const asked = {
  ticket: {
    move: parseMoveId("0190c8a4-0000-7000-8000-00000000000a"),
    vm: vm.vm,
    source: HOST,
    target: parseHostId("r740-02"),
    sizeBytes: DISK.length,
    sha256: parseSha256("0".repeat(64)),
    expireAtMs: Number.MAX_SAFE_INTEGER,
  },
  offset: 4,
  length: 8,
} as const;

async function bedWithVm() {
  const bed = createTestbed({ clock: createFastClock(50) });
  const { agent } = await bed.start();
  assert.equal((await bed.runJob(await bed.applyHost())).state, "succeeded");
  assert.equal((await bed.runJob({ kind: "start-vm", vm })).state, "succeeded");
  await bed.host.replaceFile(vmDiskPaths(vm.vm).disk, DISK);
  return { bed, agent };
}

describe("a host that a VM leaves", () => {
  afterEach(endAllLives);

  it("gives the VM's disk once it is sealed, and not before", async () => {
    const { bed, agent } = await bedWithVm();
    await assert.rejects(bed.bus.askDisk(asked), { reason: "DISK_IN_USE" });
    const sealed = await bed.runJob({ kind: "seal-vm", vm: { ...vm, generation: 7 } });
    assert.equal(sealed.state, "succeeded", JSON.stringify(sealed.failure));
    assert.deepEqual(bed.host.vms, []);
    assert.equal(Buffer.from(await bed.bus.askDisk(asked)).toString(), DISK.slice(4, 12));
    await assert.rejects(bed.bus.askDisk({ ...asked, offset: 12 }), {
      reason: "VM_DISK_UNEXPECTED",
    });
    await agent.stop();
  });

  it("refuses a start that is older than the seal, and takes one that is newer", async () => {
    const { bed, agent } = await bedWithVm();
    await bed.runJob({ kind: "seal-vm", vm: { ...vm, generation: 7 } });
    const old = await bed.runJob({ kind: "start-vm", vm });
    assert.equal(old.failure?.reason, "JOB_STALE");
    assert.deepEqual(bed.host.vms, []);
    const back = await bed.runJob({ kind: "start-vm", vm: { ...vm, generation: 7 } });
    assert.equal(back.state, "succeeded", JSON.stringify(back.failure));
    await agent.stop();
  });

  it("has nothing left of it once it is cleared, and stays closed to what is older", async () => {
    const { bed, agent } = await bedWithVm();
    const slots = () => bed.rest();
    const cleared = await bed.runJob({ kind: "clear-vm", vm: { ...vm, generation: 9 } });
    assert.equal(cleared.state, "succeeded", JSON.stringify(cleared.failure));
    assert.deepEqual(bed.host.vms, []);
    assert.deepEqual(await slots(), [], "its slot has its own MAC again");
    const old = await bed.runJob({ kind: "start-vm", vm: { ...vm, generation: 8 } });
    assert.equal(old.failure?.reason, "JOB_STALE");
    const again = await bed.runJob({ kind: "clear-vm", vm: { ...vm, generation: 9 } });
    assert.equal(again.state, "succeeded");
    await agent.stop();
  });

  it("does not go on with a start that a boot cut short", async () => {
    const bed = createTestbed({ clock: createFastClock(50) });
    const before = await bed.start();
    await bed.runJob(await bed.applyHost());
    await before.agent.stop();
    const reached = Promise.withResolvers<void>();
    const { life } = await bed.start({
      crash: {
        reach: async ({ job, step, phase }) => {
          if (job !== "start-vm" || step !== "ensureVmRunning" || phase !== "after-intent") return;
          reached.resolve();
          await new Promise(() => undefined);
        },
      },
    });
    const job = bed.newJob({ kind: "start-vm", vm });
    bed.bus.dispatch(job);
    await reached.promise;
    life.kill();
    await bed.host.reboot("power lost");
    const after = await bed.start();
    const { state, failure } = await bed.ended(job.id);
    assert.equal(failure?.reason, "START_CUT_BY_BOOT");
    assert.notEqual(state, "succeeded");
    assert.deepEqual(bed.host.vms, []);
    await after.agent.stop();
  });
});
