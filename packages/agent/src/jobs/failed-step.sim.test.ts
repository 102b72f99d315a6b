import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { createFastClock } from "../testing/fast-clock.ts";
import { gateAt } from "../testing/gate.ts";
import { bodiesOf } from "../testing/job-events.ts";
import { createTestbed, endAllLives, type Testbed } from "../testing/testbed.ts";

afterEach(endAllLives);

/** A minute of the host's time in 600 ms of ours. */
const FAST = 100;

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
