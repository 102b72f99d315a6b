import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost, type MachineOverrides } from "@switchyard/hostsim";
import {
  parseFirmwareVersion,
  parsePciAddress,
  parsePsid,
  type StepArguments,
} from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";

const PFS = ["0000:82:00.0", "0000:82:00.1"].map(parsePciAddress);
const [PF = parsePciAddress("0000:82:00.0")] = PFS;
const STORED = parseFirmwareVersion("22.39.10.02");
/** A card is waited for for two minutes. */
const FAST = 10_000;

const ARGUMENTS: StepArguments["ensureCardReset"] = {
  pf: PF,
  tools: "mft",
  effects: [
    {
      ...({ kind: "firmware", needsColdCycle: false } as const),
      ...{ pfs: PFS, psid: parsePsid("DEL0000000027"), version: STORED },
    },
  ],
};

function bed(overrides: MachineOverrides = {}) {
  const clock = createFastClock(FAST);
  const host = createSimHost({ clock, overrides: { firmware: "22.27.61.06", ...overrides } });
  host.storeFirmware(STORED);
  const resets = () =>
    host.effects.flatMap(({ changed }) => changed).filter(({ object }) => object === "card reset");
  const step = benchStep("ensureCardReset", ARGUMENTS, false);
  return { host, step, resets, bench: createStepBench(host, clock) };
}

describe("ensureCardReset", () => {
  it("lets stored firmware run on both ports without a boot, once", async () => {
    const { host, bench, step, resets } = bed();
    const { bootId } = host;
    const first = await bench.run([step]);
    assert.deepEqual([first.ended.state, first.ended.failure], ["succeeded", undefined]);
    assert.ok(first.commands.includes(`mlxfwreset -d ${PF} -l 3 -y reset`));
    assert.equal(host.machine.firmware.running, STORED);
    assert.equal(host.bootId, bootId);
    assert.equal((await bench.run([step])).ended.result.changedSteps, 0);
    assert.equal(resets().length, 1);
  });

  it("stays when a later step fails, which the job says", async () => {
    const { bench, step, resets } = bed();
    const { ended } = await bench.run([step, FAILING_STEP]);
    assert.equal(ended.state, "failed");
    assert.match(ended.result.leftState ?? "", /^Still in effect: /);
    assert.equal(resets().length, 1);
  });

  it("is refused while VFs are on the card", async () => {
    const { host, bench, step, resets } = bed();
    await host.writeFile(`/sys/bus/pci/devices/${PFS[1]}/sriov_numvfs`, "2");
    const { ended } = await bench.run([step]);
    assert.equal(ended.failure?.reason, "DEVICE_BUSY");
    assert.match(ended.failure?.metadata["found"] ?? "", /2 on 0000:82:00\.1/);
    assert.deepEqual(resets(), []);
  });

  it("says so where the card keeps its firmware until its power is off", async () => {
    const { bench, step } = bed({ firmwareWaitsForColdCycle: true });
    const { ended } = await bench.run([step]);
    assert.equal(ended.failure?.reason, "FIRMWARE_RESET_FAILED");
    assert.match(JSON.stringify(ended.failure), /no supported reset-level/);
  });

  it("fails where the driver can't be let go", async () => {
    const { bench, step, resets } = bed({ driverHolders: ["nvme_fabrics"] });
    const { ended } = await bench.run([step]);
    assert.equal(ended.failure?.reason, "FIRMWARE_RESET_FAILED");
    assert.match(JSON.stringify(ended.failure), /nvme_fabrics/);
    assert.deepEqual(resets(), []);
  });

  it("looks before it resets again where the tool did not answer", async () => {
    const { host, bench, step, resets } = bed();
    host.faults.add({
      match: { kind: "run", program: "mlxfwreset", words: ["reset"] },
      action: { kind: "timeout", isApplied: true },
    });
    const { ended } = await bench.run([step]);
    assert.equal(ended.state, "succeeded");
    assert.equal(resets().length, 1);
  });
});
