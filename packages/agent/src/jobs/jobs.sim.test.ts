import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { waitFor } from "@switchyard/testkit";
import { ENDED_JOBS_MAX } from "../ledger/state.ts";
import { createFastClock } from "../testing/fast-clock.ts";
import { gateAt } from "../testing/gate.ts";
import { bodiesOf } from "../testing/job-events.ts";
import {
  builtUp,
  createTestbed,
  endAllLives,
  pingJob,
  TORN_DOWN,
  vmInSlot,
} from "../testing/testbed.ts";

afterEach(endAllLives);

/** A minute of the host's time in 600 ms of ours. */
const FAST = 100;

describe("planning a job", () => {
  it("refuses a plan that differs from the approved one, and names its steps", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const spec = await bed.applyHost();
    await bed.host.run({ argv: ["modprobe", "vhost_vdpa"] });
    await bed.host.run({ argv: ["modprobe", "mlx5_vdpa"] });
    const { state, failure, result } = await bed.runJob(spec);
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "PLAN_STALE");
    assert.match(failure?.metadata["found"] ?? "", /Create 2 VFs/);
    assert.equal(result.changedSteps, 0);
    assert.equal(result.leftState, undefined);
    await agent.stop();
  });

  it("refuses to take a running VM's NIC, and names the VM", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const { agent } = await bed.start();
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
    const { failure } = await bed.runJob(await bed.applyHost(TORN_DOWN));
    assert.equal(failure?.reason, "VMS_WOULD_BREAK");
    assert.match(failure?.metadata["found"] ?? "", /vm-0/);
    await agent.stop();
  });

  it("says what firmware it found and needs", async () => {
    const bed = createTestbed({ host: { overrides: { firmware: "22.27.6106" } } });
    const { agent } = await bed.start();
    const { failure } = await bed.runJob(await bed.applyHost());
    assert.equal(failure?.reason, "ESWITCH_FIRMWARE_TOO_OLD");
    assert.match(failure?.metadata["found"] ?? "", /22\.27\.61\.06/);
    await agent.stop();
  });
});

describe("publishing", () => {
  it("keeps events while the bus is down and sends them in order after", async () => {
    const bed = createTestbed({ clock: createFastClock(FAST) });
    const gate = gateAt(({ phase }) => phase === "before-end");
    const { agent } = await bed.start({ crash: gate.crash });
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await gate.reached();
    bed.bus.isDown = true;
    gate.open();
    await waitFor(() => bed.bus.refusedCount > 0);
    assert.equal(bodiesOf(bed.bus.events(job.id), "ended").length, 0);
    bed.bus.isDown = false;
    await bed.ended(job.id);
    assert.deepEqual(
      bed.bus.events(job.id).map(({ seq }) => seq),
      [1, 2, 3, 4, 5],
    );
    await agent.stop();
  });

  it("sends an ended job's events again when asked", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    await waitFor(() => bed.bus.publishedCount(job.id) === 5);
    assert.equal((await bed.bus.command("job-again", job.id)).isDone, true);
    await waitFor(() => bed.bus.publishedCount(job.id) === 10);
    const unknown = await bed.bus.command("job-again", bed.newJob({ kind: "noop" }).id);
    assert.equal(unknown.reason, "JOB_NOT_FOUND");
    await agent.stop();
  });

  it("tells the end of a job whose other events it no longer has, and that it dropped them", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    for (let later = 0; later <= ENDED_JOBS_MAX; later += 1) await bed.runJob({ kind: "noop" });
    const { length } = bed.bus.published(job.id);
    assert.equal((await bed.bus.command("job-again", job.id)).isDone, true);
    bed.bus.dispatch(job);
    await waitFor(() => bed.bus.queued().length === 0);
    const notice = [4, { kind: "events-dropped", firstSeq: 1 }];
    const told = bed.bus.published(job.id).slice(length);
    assert.deepEqual(
      told.map(({ seq, body }) => (body.kind === "ended" ? [seq, body.state] : [seq, body])),
      [notice, [5, "succeeded"], notice, [5, "succeeded"]],
    );
    await agent.stop();
  });

  it("says in its heartbeat which jobs it runs", async () => {
    const bed = createTestbed();
    const gate = gateAt(({ phase }) => phase === "before-end");
    const { agent } = await bed.start({ crash: gate.crash, intervals: { heartbeatMs: 5 } });
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await gate.reached();
    const beat = await waitFor(() => bed.bus.heartbeats.find(({ running }) => running.length > 0));
    assert.deepEqual(beat.running, [{ job: job.id, epoch: 1 }]);
    assert.equal(beat.bootId, bed.host.bootId);
    gate.open();
    await waitFor(() => bed.bus.heartbeats.at(-1)?.running.length === 0);
    await agent.stop();
  });
});

describe("VM jobs", () => {
  it("adopt a VM that runs already", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const { agent } = await bed.start();
    const vm = vmInSlot(0);
    await bed.runJob({ kind: "start-vm", vm });
    const again = await bed.runJob({ kind: "start-vm", vm });
    assert.equal(again.state, "succeeded");
    assert.equal(again.result.changedSteps, 0);
    assert.deepEqual(bed.host.vms, ["vm-0"]);
    await agent.stop();
  });

  it("report a ping without any answer as a result, not as an error", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const { agent } = await bed.start();
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
    const { state, result } = await bed.runJob(pingJob(0, 1));
    assert.equal(state, "succeeded");
    assert.equal(result.ping?.transmitted, 3);
    assert.equal(result.ping?.received, 0);
    await agent.stop();
  });

  it("stamp job and epoch beside the process, and take a failed start back", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "start-vm", vm: vmInSlot(0) });
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    await bed.bus.command("inspect");
    const [observed] = bed.bus.inventories.at(-1)?.inventory.vms ?? [];
    assert.deepEqual(observed?.startedBy, { job: job.id, epoch: 1 });

    const vm = vmInSlot(1);
    const noImage = { ...vm.spec, boot: { kind: "disk", path: "/none", format: "raw" } } as const;
    const failed = await bed.runJob({ kind: "start-vm", vm: { ...vm, spec: noImage } });
    assert.equal(failed.failure?.reason, "VM_START_FAILED");
    assert.equal(failed.result.leftState, "As it was found: every change was taken back.");
    assert.equal(await bed.host.exists("/run/switchyard/vms/vm-1"), false);
    await agent.stop();
  });
});
