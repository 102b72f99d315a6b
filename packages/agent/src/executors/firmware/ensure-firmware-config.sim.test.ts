import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "@switchyard/hostsim";
import { parsePciAddress } from "@switchyard/model";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";

const PF = parsePciAddress("0000:82:00.0");
const VALUES = { SRIOV_EN: "True", NUM_OF_VFS: "32", CQE_COMPRESSION: "1" };

const stepWith = (values: Readonly<Record<string, string>>) =>
  benchStep("ensureFirmwareConfig", { pf: PF, tools: "mft", values });

function bed() {
  const host = createSimHost({ overrides: { isSriovEnabled: false } });
  const next = () =>
    Object.fromEntries(
      [...(host.machine.firmware.config.get(PF) ?? [])].map(([name, { nextBoot }]) => [
        name,
        nextBoot,
      ]),
    );
  const sets = () => host.effects.flatMap(({ changed }) => changed);
  return { host, bench: createStepBench(host), next, sets };
}

describe("ensureFirmwareConfig", () => {
  it("sets what differs for the next boot, once", async () => {
    const { bench, next, sets } = bed();
    const first = await bench.run([stepWith(VALUES)]);
    assert.equal(first.ended.state, "succeeded");
    assert.deepEqual(
      [next()["SRIOV_EN"], next()["NUM_OF_VFS"], next()["CQE_COMPRESSION"]],
      [1, 32, 1],
    );
    assert.equal((await bench.run([stepWith(VALUES)])).ended.result.changedSteps, 0);
    assert.equal(sets().length, 3);
    const others = await bench.run([stepWith({ ...VALUES, NUM_OF_VFS: "48" })]);
    assert.deepEqual(
      others.commands.filter((command) => command.includes(" set ")),
      [`mlxconfig -d ${PF} -y set NUM_OF_VFS=48`],
    );
  });

  it("restores the values of the next boot when a later step fails", async () => {
    const { bench, next } = bed();
    const before = next();
    const { ended } = await bench.run([stepWith(VALUES), FAILING_STEP]);
    assert.equal(ended.state, "failed");
    assert.deepEqual(next(), before);
  });

  it("may be taken back twice", async () => {
    const { bench, next } = bed();
    const before = next();
    const killAt = { step: "ensureFirmwareConfig", phase: "after-undo" } as const;
    const { ended } = await bench.run([stepWith(VALUES), FAILING_STEP], { killAt });
    assert.equal(ended.state, "failed");
    assert.deepEqual(next(), before);
  });

  it("changes nothing when the card does not know one of the names", async () => {
    const { bench, sets } = bed();
    const { ended } = await bench.run([stepWith({ ...VALUES, LINK_TYPE_P1: "ETH" })]);
    assert.equal(ended.failure?.reason, "FIRMWARE_CONFIG_UNSUPPORTED");
    assert.equal(ended.failure?.metadata["found"], "no LINK_TYPE_P1");
    assert.deepEqual(sets(), []);
  });

  it("says what the card does not take", async () => {
    const { bench, sets } = bed();
    const { ended } = await bench.run([stepWith({ NUM_OF_VFS: "9999" })]);
    assert.equal(ended.failure?.reason, "FIRMWARE_CONFIG_REFUSED");
    assert.match(ended.failure?.metadata["found"] ?? "", /Failed to parse value 9999/);
    const readOnly = await bench.run([stepWith({ UEFI_HII_EN: "0" })]);
    assert.equal(readOnly.ended.failure?.reason, "FIRMWARE_CONFIG_UNSUPPORTED");
    assert.deepEqual(sets(), []);
  });

  for (const phase of ["after-intent", "after-effect"] as const) {
    it(`sets once though its agent is killed ${phase}`, async () => {
      const { bench, sets } = bed();
      const killAt = { step: "ensureFirmwareConfig", phase } as const;
      assert.equal((await bench.run([stepWith(VALUES)], { killAt })).ended.state, "succeeded");
      assert.equal(sets().length, 3);
    });
  }
});
