import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { gateAt } from "../testing/gate.ts";
import { bodiesOf } from "../testing/job-events.ts";
import { builtUp, createTestbed, endAllLives, vmInSlot } from "../testing/testbed.ts";
import type { CrashPlace } from "./crash-point.ts";

afterEach(endAllLives);

describe("stopping", () => {
  const isFirstVdpaDone = ({ step, phase }: CrashPlace) =>
    step === "ensureVdpaDevice" && phase === "after-done";

  it("cancels a job before its next step and takes back what it did", async () => {
    const bed = createTestbed();
    const gate = gateAt(isFirstVdpaDone);
    const { agent } = await bed.start({ crash: gate.crash });
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await gate.reached();
    assert.equal((await bed.bus.command("cancel", job.id, 1)).isDone, true);
    gate.open();
    const { state, failure, result } = await bed.ended(job.id);
    assert.equal(state, "cancelled");
    assert.equal(failure?.reason, "JOB_CANCELLED");
    assert.match(result.leftState ?? "", /Taken back/);
    assert.equal(bed.host.machine.files.isFolder("/sys/bus/pci/devices/0000:82:00.2"), false);
    await agent.stop();
  });

  it("cancels a VM's start and ends the VM", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const gate = gateAt(
      ({ step, phase }) => step === "ensureVmRunning" && phase === "after-effect",
    );
    const { agent } = await bed.start({ crash: gate.crash });
    const job = bed.newJob({ kind: "start-vm", vm: vmInSlot(0) });
    bed.bus.dispatch(job);
    await gate.reached();
    assert.deepEqual(bed.host.vms, ["vm-0"]);
    await bed.bus.command("cancel", job.id, 1);
    gate.open();
    assert.equal((await bed.ended(job.id)).state, "cancelled");
    assert.deepEqual(bed.host.vms, []);
    await agent.stop();
  });

  it("goes on taking back at the next start of an agent that was stopped in it", async () => {
    const bed = createTestbed();
    const before = await bed.rest();
    bed.host.faults.add({
      match: { kind: "run", program: "ovs-vsctl", words: ["add-br"] },
      action: { kind: "fail", exitCode: 1, stderr: "ovs-vsctl: no\n" },
      times: 2,
    });
    const gate = gateAt(({ phase }) => phase === "after-undo");
    const first = await bed.start({ crash: gate.crash });
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await gate.reached();
    const stopped = first.agent.stop();
    gate.open();
    await stopped;
    assert.equal(bodiesOf(bed.bus.events(job.id), "ended").length, 0);
    const second = await bed.start();
    const { state, failure } = await bed.ended(job.id);
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "OVS_CHANGE_FAILED");
    const kept = /^(Load|Start Open vSwitch)/;
    assert.deepEqual(
      await bed.rest(),
      before.filter((title) => !kept.test(title)),
    );
    await second.agent.stop();
  });

  it("goes on with a job at the next start of a stopped agent", async () => {
    const bed = createTestbed();
    const gate = gateAt(isFirstVdpaDone);
    const first = await bed.start({ crash: gate.crash });
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await gate.reached();
    const stopped = first.agent.stop();
    gate.open();
    await stopped;
    assert.equal(bodiesOf(bed.bus.events(job.id), "ended").length, 0);
    const second = await bed.start();
    assert.equal((await bed.ended(job.id)).state, "succeeded");
    assert.deepEqual(await bed.rest(), []);
    await second.agent.stop();
  });

  it("does again after a boot what the boot undid", async () => {
    const bed = createTestbed();
    const gate = gateAt(isFirstVdpaDone);
    const first = await bed.start({ crash: gate.crash });
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await gate.reached();
    first.life.kill();
    await bed.host.reboot("power cut");
    const second = await bed.start();
    const { state } = await bed.ended(job.id);
    // All that the plan had to do is volatile and is done again in the new boot.
    assert.equal(state, "succeeded");
    assert.deepEqual(await bed.rest(), []);
    await second.agent.stop();
  });
});
