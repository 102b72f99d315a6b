import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost, type Idrac, type IdracFaults } from "@switchyard/hostsim";
import { type BiosAttributes, parseBmcAddress } from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";

/** A BMC is waited for in steps of ten seconds, for ten minutes. */
const FAST = 200;
const SYSTEM = "/redfish/v1/Systems/System.Embedded.1";
const OFF = { ProcVirtualization: "Disabled", SriovGlobalEnable: "Disabled" };
const WANTED = { ProcVirtualization: "Enabled", SriovGlobalEnable: "Enabled" };

function bed(faults: Partial<IdracFaults> = {}) {
  const clock = createFastClock(FAST);
  const host = createSimHost({
    clock,
    overrides: { isBmcConfigured: true, biosAttributes: OFF },
  });
  const { bmc, spec } = host.machine;
  Object.assign(bmc.faults, faults);
  const endpoint = {
    address: parseBmcAddress(spec.bmc.address),
    trust: { kind: "public-key", pin: spec.bmc.publicKeyPin },
  } as const;
  const stepFor = (attributes: BiosAttributes) =>
    benchStep("ensureBiosSettings", { bmc: endpoint, systemPath: SYSTEM, attributes });
  return { host, bmc, stepFor, bench: createStepBench(host, clock) };
}

const pendingOf = ({ pending }: Idrac) => Object.fromEntries(pending);
const jobStates = ({ jobs }: Idrac) => jobs.map(({ state }) => state);

describe("ensureBiosSettings", () => {
  it("asks once for what differs and leaves a job for the next boot", async () => {
    const { bmc, bench, stepFor } = bed();
    const step = stepFor({ ...WANTED, LogicalProc: "Enabled" });
    const first = await bench.run([step]);
    assert.equal(first.ended.state, "succeeded");
    assert.equal(first.ended.result.changedSteps, 1);
    assert.deepEqual(pendingOf(bmc), WANTED);
    assert.deepEqual(jobStates(bmc), ["Scheduled"]);
    assert.equal((await bench.run([step])).ended.result.changedSteps, 0);
    assert.deepEqual(jobStates(bmc), ["Scheduled"]);
  });

  it("shows the audit what was asked of whom, and no secret", async () => {
    const { host, bench, stepFor } = bed();
    const { commands } = await bench.run([stepFor(WANTED)]);
    const patches = commands.filter((command) => command.includes("--request PATCH"));
    assert.equal(patches.length, 1);
    assert.match(patches[0] ?? "", /"ProcVirtualization":"Enabled"/);
    assert.equal(commands.join("\n").includes(host.machine.spec.bmc.password), false);
  });

  it("makes the job itself where the firmware does not", async () => {
    const { bmc, bench, stepFor } = bed({ makesNoJobs: true });
    assert.equal((await bench.run([stepFor(WANTED)])).ended.state, "succeeded");
    assert.deepEqual(jobStates(bmc), ["Scheduled"]);
  });

  it("has nothing to do once a boot brought the settings into force", async () => {
    const { host, bmc, bench, stepFor } = bed();
    await bench.run([stepFor(WANTED)]);
    await host.reboot("a test");
    assert.equal(bmc.attributes.get("ProcVirtualization"), "Enabled");
    assert.equal((await bench.run([stepFor(WANTED)])).ended.result.changedSteps, 0);
    assert.deepEqual(jobStates(bmc), ["Completed"]);
  });

  it("waits for a BMC that is not ready and for a Lifecycle Controller in use", async () => {
    const { bmc, bench, stepFor } = bed({ notReadyRequests: 7, lifecycleBusyRequests: 3 });
    assert.equal((await bench.run([stepFor(WANTED)])).ended.state, "succeeded");
    assert.deepEqual(jobStates(bmc), ["Scheduled"]);
  });

  it("gives up a BMC that never gets ready", async () => {
    const { bench, stepFor } = bed({ refusesConnections: true });
    const { ended } = await bench.run([stepFor(WANTED)]);
    assert.equal(ended.state, "failed");
    assert.equal(ended.failure?.reason, "BMC_UNREACHABLE");
  });

  it("looks before it asks again when an answer did not come", async () => {
    const { bmc, bench, stepFor } = bed({ closesAfterChange: true });
    assert.equal((await bench.run([stepFor(WANTED)])).ended.state, "succeeded");
    assert.deepEqual(jobStates(bmc), ["Scheduled"]);
  });

  it("leaves another job of the BMC alone", async () => {
    const { bmc, bench, stepFor } = bed();
    await bench.run([stepFor({ LogicalProc: "Disabled" })]);
    const { ended } = await bench.run([stepFor(WANTED)]);
    assert.equal(ended.failure?.reason, "BMC_JOB_PENDING");
    assert.match(ended.failure?.metadata["found"] ?? "", /^JID_\d+: LogicalProc=Disabled$/);
    assert.deepEqual(pendingOf(bmc), { LogicalProc: "Disabled" });
    assert.deepEqual(jobStates(bmc), ["Scheduled"]);
  });

  it("sends nothing that the registry does not have", async () => {
    const { bmc, bench, stepFor } = bed();
    const refusals = [
      [{ IommuSupport: "Enabled" }, "BIOS_ATTRIBUTE_UNKNOWN"],
      [{ ProcVirtualization: "On" }, "BIOS_VALUE_REFUSED"],
      [{ SystemModelName: "PowerEdge R750" }, "BIOS_VALUE_REFUSED"],
      [{ AcPwrRcvryUserDelay: 9000 }, "BIOS_VALUE_REFUSED"],
    ] as const;
    for (const [attributes, reason] of refusals) {
      const { ended, commands } = await bench.run([stepFor(attributes)]);
      assert.equal(ended.failure?.reason, reason);
      assert.equal(commands.join("\n").includes("PATCH"), false);
    }
    assert.deepEqual(pendingOf(bmc), {});
  });

  it("is taken back, job and all, when a later step fails before the boot", async () => {
    const { bmc, bench, stepFor } = bed();
    const { ended } = await bench.run([stepFor(WANTED), FAILING_STEP]);
    assert.equal(ended.state, "failed");
    assert.equal(ended.result.leftState, "As it was found: every change was taken back.");
    assert.deepEqual([pendingOf(bmc), bmc.jobs], [{}, []]);
  });

  it("may be taken back twice", async () => {
    const { bmc, bench, stepFor } = bed();
    const killAt = { step: "ensureBiosSettings", phase: "after-undo" } as const;
    const { ended } = await bench.run([stepFor(WANTED), FAILING_STEP], { killAt });
    assert.equal(ended.state, "failed");
    assert.deepEqual([pendingOf(bmc), bmc.jobs], [{}, []]);
  });

  for (const phase of ["after-intent", "after-effect"] as const) {
    it(`asks once though its agent is killed ${phase}`, async () => {
      const { bmc, bench, stepFor } = bed();
      const killAt = { step: "ensureBiosSettings", phase } as const;
      const { ended } = await bench.run([stepFor(WANTED)], { killAt });
      assert.equal(ended.state, "succeeded");
      assert.deepEqual(jobStates(bmc), ["Scheduled"]);
    });
  }
});
