import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bmcSettingsPathOf } from "@switchyard/host";
import { createSimFleet, type FaultRule, type SimHost } from "@switchyard/hostsim";
import { type BmcEndpoint, parseBmcAddress, parseHostId } from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench } from "../../testing/step-bench.ts";

/** The first asks, the second is to lose its power. */
function bed() {
  const clock = createFastClock(200);
  const overrides = { "r740-01": { isBmcConfigured: true }, "r740-02": { isBmcConfigured: true } };
  const fleet = createSimFleet({ hosts: 2, seed: 5, clock, overrides });
  const [asker, other] = fleet.hosts as readonly [SimHost, SimHost];
  const { address, publicKeyPin: pin } = other.machine.spec.bmc;
  const bmc: BmcEndpoint = {
    address: parseBmcAddress(address),
    trust: { kind: "public-key", pin },
  };
  const step = benchStep("ensurePoweredOff", { host: parseHostId(other.name), bmc }, false);
  return { asker, other, bench: createStepBench(asker, clock), step };
}

/** The other BMC's user in a file of the asker. */
async function introduce(asker: SimHost, other: SimHost): Promise<void> {
  const { address, user, password, publicKeyPin: publicKey } = other.machine.spec.bmc;
  const passwordFile = "/etc/switchyard/other.password";
  await asker.replaceFile(passwordFile, `${password}\n`);
  const settings = JSON.stringify({ address, user, passwordFile, publicKey });
  await asker.replaceFile(bmcSettingsPathOf(other.name), settings);
}

const REFUSED: FaultRule = {
  match: { kind: "run", program: "curl" },
  action: { kind: "fail", exitCode: 7, stderr: "curl: (7) Failed to connect" },
};

describe("ensurePoweredOff", () => {
  it("takes the other host's power, sees that it is gone, and twice is no harm", async () => {
    const { asker, other, bench, step } = bed();
    await introduce(asker, other);
    const first = await bench.run([step]);
    assert.equal(first.ended.state, "succeeded", JSON.stringify(first.ended.failure));
    assert.equal(other.machine.bmc.powerState, "Off");
    assert.equal(asker.machine.bmc.powerState, "On");
    assert.equal((await bench.run([step])).ended.result.changedSteps, 0);
  });

  it("is done once though its agent is killed in it", async () => {
    for (const phase of ["after-intent", "after-effect"] as const) {
      const { asker, other, bench, step } = bed();
      await introduce(asker, other);
      const { ended } = await bench.run([step], { killAt: { step: "ensurePoweredOff", phase } });
      assert.equal(ended.state, "succeeded");
      assert.equal(other.machine.bmc.powerState, "Off");
    }
  });

  it("says that the other BMC does not know this host's user", async () => {
    const { other, bench, step } = bed();
    const { ended } = await bench.run([step]);
    assert.equal(ended.failure?.reason, "BMC_CREDENTIALS_REFUSED", JSON.stringify(ended));
    assert.equal(other.machine.bmc.powerState, "On");
  });

  it("never says off of a BMC that does not answer", async () => {
    const { asker, other, bench, step } = bed();
    await introduce(asker, other);
    for (let times = 0; times < 20; times += 1) asker.faults.add(REFUSED);
    const { ended } = await bench.run([step]);
    assert.notEqual(ended.state, "succeeded");
    assert.equal(other.machine.bmc.powerState, "On");
  });
});
