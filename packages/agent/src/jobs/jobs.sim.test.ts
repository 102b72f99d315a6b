import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { JobEvent, JobEventBody } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import { createFastClock } from "../testing/fast-clock.ts";
import {
  createTestbed,
  DATAPATH,
  endAllLives,
  pingJob,
  type Testbed,
  TORN_DOWN,
  vmInSlot,
} from "../testing/testbed.ts";
import type { CrashPlace } from "./crash-point.ts";

afterEach(endAllLives);

/** A minute of the host's time in 600 ms of ours. */
const FAST = 100;

const kinds = (events: readonly JobEvent[]): readonly string[] =>
  events.map(({ body }) => body.kind);

const bodiesOf = <Kind extends JobEventBody["kind"]>(events: readonly JobEvent[], kind: Kind) =>
  events.flatMap(({ body }) =>
    body.kind === kind ? [body as Extract<JobEventBody, { kind: Kind }>] : [],
  );

/** Holds the agent at the first place that is meant, until it is let go. */
function gateAt(isMeant: (place: CrashPlace) => boolean) {
  let isReached = false;
  const open = Promise.withResolvers<void>();
  const reach = async (place: CrashPlace) => {
    if (!isMeant(place)) return;
    isReached = true;
    await open.promise;
  };
  const reached = () => waitFor(() => isReached);
  return { crash: { reach }, reached, open: () => open.resolve() };
}

async function builtUp(bed: Testbed): Promise<void> {
  const { agent } = await bed.start();
  assert.equal((await bed.runJob(await bed.applyHost())).state, "succeeded");
  await agent.stop();
}

describe("accepting jobs", () => {
  it("runs a job that is delivered again only once, and publishes its events again", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    const events = bed.bus.events(job.id);
    assert.deepEqual(kinds(events), [
      "accepted",
      "planned",
      "step-started",
      "step-finished",
      "ended",
    ]);
    bed.bus.dispatch(job);
    await waitFor(() => bed.bus.queued().length === 0);
    await waitFor(() => bed.bus.publishedCount(job.id) === 2 * events.length);
    assert.deepEqual(bed.bus.events(job.id), events);
    await agent.stop();
  });

  it("syncs the acceptance and the end of a no-op job to disk together", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await bed.runJob({ kind: "noop" });
    const before = bed.disk.syncCount;
    await bed.runJob({ kind: "noop" });
    assert.equal(bed.disk.syncCount - before, 1);
    await agent.stop();
  });

  it("answers an older epoch with the one it has accepted", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" }, 3);
    bed.bus.dispatch(job);
    await bed.ended(job.id, 3);
    bed.bus.dispatch({ ...job, epoch: 2 });
    const [event] = await waitFor(() => {
      const events = bed.bus.events(job.id, 2);
      return events.length > 0 && events;
    });
    assert.deepEqual(event?.body, { kind: "rejected-stale", acceptedEpoch: 3 });
    await waitFor(() => bed.bus.queued().length === 0);
    await agent.stop();
  });

  it("runs a newer epoch of an ended job anew", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    bed.bus.dispatch({ ...job, epoch: 2 });
    assert.equal((await bed.ended(job.id, 2)).state, "succeeded");
    await agent.stop();
  });

  it("ends a job of an older generation as stale, also after a restart", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const { agent } = await bed.start();
    const older = { ...DATAPATH, generation: 0 };
    const { state, failure } = await bed.runJob(await bed.applyHost(older));
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "JOB_STALE");
    assert.equal(failure?.metadata["found"], "generation 0");
    await agent.stop();
  });

  it("ends a job that came after it expired", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job, { expireAtMs: 1 });
    assert.equal((await bed.ended(job.id)).failure?.reason, "JOB_EXPIRED");
    await agent.stop();
  });

  it("leaves jobs in the queue and says so while the ledger is full, and takes them after", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    bed.disk.capacity = 0;
    await fillLedger(bed);
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.bus.command("inspect");
    const finding = bed.bus.inventories.at(-1)?.inventory.findings.at(-1);
    assert.equal(finding?.reason, "LEDGER_FULL");
    assert.deepEqual(bed.bus.queued(), [job.id]);
    bed.disk.capacity = Number.POSITIVE_INFINITY;
    await bed.bus.redeliver();
    assert.equal((await bed.ended(job.id)).state, "succeeded");
    await agent.stop();
  });

  it("refuses jobs visibly while the ledger is corrupt", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const name = bed.disk.names()[0] ?? "";
    const bytes = bed.disk.read(name).slice();
    bytes[60] = (bytes[60] ?? 0) ^ 0xff;
    bed.disk.overwrite(name, bytes);
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await waitFor(() =>
      bed.bus.inventories
        .at(-1)
        ?.inventory.findings.some(({ reason }) => reason === "LEDGER_CORRUPT"),
    );
    assert.deepEqual(bed.bus.queued(), [job.id]);
    assert.deepEqual(bed.bus.events(job.id), []);
    await agent.stop();
  });
});

/** Runs jobs until the disk gives no more space. */
async function fillLedger(bed: Testbed): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.bus.redeliver();
    if (bed.bus.queued().length > 0) {
      bed.bus.withdraw(job.id);
      return;
    }
  }
  throw new Error("the ledger never filled");
}

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

describe("a step that fails", () => {
  it("has every change of the job taken back, last first", async () => {
    const bed = createTestbed();
    const before = await bed.rest();
    bed.host.faults.add({
      match: { kind: "run", program: "vdpa", words: ["add", "vdpa1"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Invalid argument\n" },
    });
    const { agent } = await bed.start();
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    const { state, failure, result } = await bed.ended(job.id);
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "VDPA_ADD_FAILED");
    assert.match(failure?.step ?? "", /ensureVdpaDevice/);
    assert.match(failure?.metadata["argv"] ?? "", /^vdpa dev add name vdpa1/);
    assert.match(result.leftState ?? "", /Taken back: .*Create vDPA device vdpa0/);
    const undone = bodiesOf(bed.bus.events(job.id), "step-undone").map(({ step }) => step);
    assert.deepEqual(undone, [...undone].sort().reverse());
    const after = await bed.rest();
    // Modules stay loaded and Open vSwitch running: those steps say they have no undo.
    assert.deepEqual(
      after,
      before.filter((title) => !/^(Load|Start Open vSwitch)/.test(title)),
    );
    await agent.stop();
  });

  it("asks for a person when a change can't be taken back", async () => {
    const bed = createTestbed();
    bed.host.faults.add({
      match: { kind: "run", program: "vdpa", words: ["add", "vdpa1"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Invalid argument\n" },
    });
    bed.host.faults.add({
      match: { kind: "run", program: "vdpa", words: ["del"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Device or resource busy\n" },
      times: 10,
    });
    const { agent } = await bed.start();
    const { state, failure, result } = await bed.runJob(await bed.applyHost());
    assert.equal(state, "needs-operator");
    assert.equal(failure?.reason, "VDPA_ADD_FAILED");
    assert.match(result.leftState ?? "", /Taking back "Create vDPA device vdpa0.*failed/);
    assert.match(result.leftState ?? "", /Still in effect: .*Create 2 VFs/);
    await agent.stop();
  });

  it("is in the log with its command, exit code and stderr", async () => {
    const bed = createTestbed();
    bed.host.faults.add({
      match: { kind: "run", program: "ovs-vsctl", words: ["add-br"] },
      action: { kind: "fail", exitCode: 1, stderr: "ovs-vsctl: no\n" },
    });
    const { agent } = await bed.start();
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    const commands = bodiesOf(bed.bus.events(job.id), "command").map(({ command }) => command);
    const failed = commands.find(({ argv }) => argv.includes("add-br"));
    assert.equal(failed?.exitCode, 1);
    assert.equal(failed?.stderrTail, "ovs-vsctl: no\n");
    const written = commands.find(({ argv }) => argv[0] === "write" && argv[2] === "2");
    assert.equal(written?.exitCode, 0);
    await agent.stop();
  });
});

describe("a step whose outcome is unknown", () => {
  const addTimesOut = (isApplied: boolean, times = 1) => ({
    match: { kind: "run", program: "vdpa", words: ["add", "vdpa0"] } as const,
    action: { kind: "timeout", isApplied } as const,
    times,
  });
  const fastBed = () => createTestbed({ clock: createFastClock(FAST) });
  const adds = (bed: Testbed) =>
    bed.host.effects.filter(({ changed }) => changed.some(({ object }) => object === "vdpa vdpa0"));

  it("is done when the host shows it", async () => {
    const bed = fastBed();
    bed.host.faults.add(addTimesOut(true));
    const { agent } = await bed.start();
    assert.equal((await bed.runJob(await bed.applyHost())).state, "succeeded");
    assert.equal(adds(bed).length, 1);
    await agent.stop();
  });

  it("is done again, once, when the host does not show it", async () => {
    const bed = fastBed();
    bed.host.faults.add(addTimesOut(false));
    const { agent } = await bed.start();
    assert.equal((await bed.runJob(await bed.applyHost())).state, "succeeded");
    assert.equal(adds(bed).length, 1);
    await agent.stop();
  });

  it("fails when it times out twice without effect", async () => {
    const bed = fastBed();
    bed.host.faults.add(addTimesOut(false, 5));
    const { agent } = await bed.start();
    const { state, failure } = await bed.runJob(await bed.applyHost());
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "COMMAND_TIMED_OUT");
    await agent.stop();
  });

  it("needs a person when the host can't be looked at either", async () => {
    const bed = fastBed();
    bed.host.faults.add(addTimesOut(true));
    const gate = gateAt(
      ({ step, phase }) => step === "ensureVdpaDevice" && phase === "after-intent",
    );
    const { agent } = await bed.start({ crash: gate.crash });
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await gate.reached();
    bed.host.faults.add({
      match: { kind: "run", program: "vdpa", words: ["show"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Cannot allocate memory\n" },
      times: 100,
    });
    gate.open();
    const { state, failure, result } = await bed.ended(job.id);
    assert.equal(state, "needs-operator");
    assert.equal(failure?.reason, "STEP_OUTCOME_UNKNOWN");
    assert.match(result.leftState ?? "", /may or may not/);
    await agent.stop();
  });
});

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
