import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listNicFunctions, readBmcSettings, withRedfish } from "@switchyard/host";
import { createSimHost, type Idrac, type IdracFaults } from "@switchyard/hostsim";
import { parseBmcAddress } from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";

/** A BMC is waited for in steps of ten seconds, for ten minutes. */
const FAST = 200;
const PORTS = ["NIC.Slot.3-1-1", "NIC.Slot.3-2-1"];

async function bed(faults: Partial<IdracFaults> = {}) {
  const clock = createFastClock(FAST);
  const host = createSimHost({
    clock,
    overrides: { isBmcConfigured: true, nicVirtualization: "NONE" },
  });
  const { bmc, spec } = host.machine;
  const settings = await readBmcSettings(host);
  assert.ok(settings !== undefined);
  const known = await withRedfish(host, settings, listNicFunctions);
  Object.assign(bmc.faults, faults);
  const endpoint = {
    address: parseBmcAddress(spec.bmc.address),
    trust: { kind: "public-key", pin: spec.bmc.publicKeyPin },
  } as const;
  const stepFor = (mode: string) =>
    benchStep("ensureNicVirtualization", {
      bmc: endpoint,
      functions: known
        .filter(({ id }) => PORTS.includes(id))
        .map(({ id, attributesPath }) => ({ id, attributesPath, mode })),
    });
  const totalVfs = () => host.readFile("/sys/bus/pci/devices/0000:82:00.0/sriov_totalvfs");
  return { host, bmc, known, stepFor, totalVfs, bench: createStepBench(host, clock) };
}

const cardOf = ({ nics }: Idrac) => nics.filter(({ id }) => PORTS.includes(id));
const modesOf = (bmc: Idrac) => cardOf(bmc).map(({ mode }) => mode);
const pendingOf = (bmc: Idrac) => cardOf(bmc).map(({ pendingMode }) => pendingMode);
const jobsOf = ({ jobs }: Idrac) => jobs.map(({ name, state }) => `${name} ${state}`);
const SCHEDULED = PORTS.map((id) => `ConfigNIC:${id} Scheduled`);

describe("listNicFunctions", () => {
  it("tells each function by the address that Linux has for it", async () => {
    const { known } = await bed();
    const card = known.filter(({ id }) => PORTS.includes(id));
    assert.deepEqual(
      card.map(({ pciAddress, mode, pendingMode }) => [pciAddress, mode, pendingMode]),
      [
        ["0000:82:00.0", "NONE", undefined],
        ["0000:82:00.1", "NONE", undefined],
      ],
    );
    assert.equal(known.length, 6);
  });
});

describe("ensureNicVirtualization", () => {
  it("asks once for each function and leaves a job for the next boot", async () => {
    const { bmc, bench, stepFor } = await bed();
    const first = await bench.run([stepFor("SRIOV")]);
    assert.deepEqual([first.ended.state, first.ended.failure], ["succeeded", undefined]);
    assert.equal(first.ended.result.changedSteps, 1);
    assert.deepEqual(pendingOf(bmc), ["SRIOV", "SRIOV"]);
    assert.deepEqual(jobsOf(bmc), SCHEDULED);
    assert.equal((await bench.run([stepFor("SRIOV")])).ended.result.changedSteps, 0);
    assert.deepEqual(jobsOf(bmc), SCHEDULED);
  });

  it("brings VFs with a boot, and leaves NICs of others as they are", async () => {
    const { host, bmc, bench, stepFor, totalVfs } = await bed();
    assert.equal((await totalVfs()).trim(), "0");
    await bench.run([stepFor("SRIOV")]);
    assert.equal((await totalVfs()).trim(), "0");
    await host.reboot("a test");
    assert.deepEqual(modesOf(bmc), ["SRIOV", "SRIOV"]);
    assert.equal((await totalVfs()).trim(), "16");
    assert.equal((await bench.run([stepFor("SRIOV")])).ended.result.changedSteps, 0);
    const onboard = bmc.nics.filter(({ adapter }) => adapter === "NIC.Integrated.1");
    assert.deepEqual([...new Set(onboard.map(({ mode }) => mode))], ["NONE"]);
  });

  it("makes the jobs itself where the firmware does not", async () => {
    const { bmc, bench, stepFor } = await bed({ makesNoJobs: true });
    assert.equal((await bench.run([stepFor("SRIOV")])).ended.state, "succeeded");
    assert.deepEqual(jobsOf(bmc), SCHEDULED);
  });

  it("waits for a BMC that is not ready, and looks again where an answer did not come", async () => {
    const faults = { notReadyRequests: 7, lifecycleBusyRequests: 3, closesAfterChange: true };
    const { bmc, bench, stepFor } = await bed(faults);
    assert.equal((await bench.run([stepFor("SRIOV")])).ended.state, "succeeded");
    assert.deepEqual(jobsOf(bmc), SCHEDULED);
  });

  it("sends nothing that the registry does not have", async () => {
    const { bmc, bench, stepFor } = await bed();
    const { ended, commands } = await bench.run([stepFor("NPAR")]);
    assert.equal(ended.failure?.reason, "BIOS_VALUE_REFUSED");
    assert.equal(commands.join("\n").includes("PATCH"), false);
    assert.deepEqual(pendingOf(bmc), [undefined, undefined]);
  });

  it("leaves another's job alone, and takes back what it asked of the other port", async () => {
    const { bmc, bench, stepFor } = await bed();
    const [, second] = cardOf(bmc);
    assert.ok(second !== undefined);
    second.pendingMode = "NONE";
    second.mode = "SRIOV";
    bmc.jobs.push({
      ...{ id: "JID_1", name: `ConfigNIC:${second.id}`, target: second.id },
      ...{ state: "Scheduled", message: "" },
    });
    const { ended } = await bench.run([stepFor("SRIOV")]);
    assert.equal(ended.failure?.reason, "BMC_JOB_PENDING");
    assert.deepEqual(pendingOf(bmc), [undefined, "NONE"]);
    assert.deepEqual(
      bmc.jobs.map(({ id }) => id),
      ["JID_1"],
    );
  });

  it("is taken back, jobs and all, when a later step fails before the boot", async () => {
    const { bmc, bench, stepFor } = await bed();
    const { ended } = await bench.run([stepFor("SRIOV"), FAILING_STEP]);
    assert.equal(ended.state, "failed");
    assert.equal(ended.result.leftState, "As it was found: every change was taken back.");
    assert.deepEqual([pendingOf(bmc), bmc.jobs], [[undefined, undefined], []]);
  });

  it("may be taken back twice", async () => {
    const { bmc, bench, stepFor } = await bed();
    const killAt = { step: "ensureNicVirtualization", phase: "after-undo" } as const;
    const { ended } = await bench.run([stepFor("SRIOV"), FAILING_STEP], { killAt });
    assert.equal(ended.state, "failed");
    assert.deepEqual([pendingOf(bmc), bmc.jobs], [[undefined, undefined], []]);
  });

  for (const phase of ["after-intent", "after-effect"] as const) {
    it(`asks once though its agent is killed ${phase}`, async () => {
      const { bmc, bench, stepFor } = await bed();
      const killAt = { step: "ensureNicVirtualization", phase } as const;
      const { ended } = await bench.run([stepFor("SRIOV")], { killAt });
      assert.equal(ended.state, "succeeded");
      assert.deepEqual(jobsOf(bmc), SCHEDULED);
    });
  }
});
