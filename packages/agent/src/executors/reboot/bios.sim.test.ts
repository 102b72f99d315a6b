import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { IdracFaults, Life } from "@switchyard/hostsim";
import type { HostDesired } from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { createTestbed, DATAPATH, endAllLives } from "../../testing/testbed.ts";

/** The BMC is given minutes after a boot. */
const FAST = 200;
const OFF = { ProcVirtualization: "Disabled", SriovGlobalEnable: "Disabled" };
const ATTRIBUTES = { ProcVirtualization: "Enabled", SriovGlobalEnable: "Enabled" };
const WANTED: HostDesired = { ...DATAPATH, bios: { attributes: ATTRIBUTES } };

/** @param afterBoot what is wrong with the BMC from the boot on */
async function applyOn(
  faults: Partial<IdracFaults> = {},
  afterBoot: Partial<IdracFaults> = {},
  isBmcConfigured = true,
  wanted = WANTED,
  biosAttributes: Readonly<Record<string, string>> = OFF,
) {
  const bed = createTestbed({
    clock: createFastClock(FAST),
    host: {
      overrides: {
        ...{ isBmcConfigured, biosAttributes },
        nicVirtualization: wanted.bios?.nicVirtualization === undefined ? "SRIOV" : "NONE",
      },
    },
  });
  const { bmc } = bed.host.machine;
  Object.assign(bmc.faults, faults);
  let life: Life | undefined;
  const start = () =>
    bed.start({}, (_moment, own) => {
      life = own;
    });
  bed.host.subscribeReboots(() => {
    Object.assign(bmc.faults, afterBoot);
    life?.kill();
    void start();
  });
  const job = bed.newJob(await bed.applyHost(wanted));
  await start();
  bed.bus.dispatch(job);
  const ended = await bed.ended(job.id);
  return { bed, bmc, ended };
}

describe("a plan that sets BIOS and the NICs' own setup", () => {
  it("boots once for both, and VFs are there", async () => {
    const wanted: HostDesired = {
      ...DATAPATH,
      bios: { attributes: ATTRIBUTES, nicVirtualization: "sriov" },
    };
    const { bed, bmc, ended } = await applyOn({}, {}, true, wanted);
    assert.deepEqual([ended.state, ended.failure], ["succeeded", undefined]);
    const card = bmc.nics.filter(({ adapter }) => adapter === "NIC.Slot.3");
    assert.ok(card.every(({ mode }) => mode === "SRIOV"));
    assert.equal(boots(bed), 1);
    assert.deepEqual(await bed.rest(wanted), []);
  });

  it("stops after the boot when the modes did not come", async () => {
    const wanted: HostDesired = {
      ...DATAPATH,
      bios: { attributes: {}, nicVirtualization: "sriov" },
    };
    const { bed, ended } = await applyOn({ failsJobs: true }, {}, true, wanted, {});
    assert.equal(ended.failure?.reason, "REBOOT_WITHOUT_EFFECT");
    const { found, needs } = ended.failure?.metadata ?? {};
    assert.match(found ?? "", /NIC\.Slot\.3-1-1 VirtualizationMode=NONE.*JID_\d+ Failed: Unable/);
    assert.match(needs ?? "", /NIC\.Slot\.3-1-1 VirtualizationMode=SRIOV/);
    assert.equal(boots(bed), 1);
  });
});

const boots = ({ host }: { readonly host: { readonly effects: readonly unknown[] } }): number =>
  host.effects.filter((effect) => JSON.stringify(effect).includes('"reboot')).length;

afterEach(endAllLives);

describe("a plan that sets BIOS", () => {
  it("boots once, finds the settings in force and goes on to the datapath", async () => {
    const { bed, bmc, ended } = await applyOn();
    assert.deepEqual([ended.state, ended.failure], ["succeeded", undefined]);
    assert.equal(bmc.attributes.get("SriovGlobalEnable"), "Enabled");
    assert.equal(boots(bed), 1);
    assert.deepEqual(await bed.rest(WANTED), []);
  });

  const troubles: readonly (readonly [string, Partial<IdracFaults>, Partial<IdracFaults>])[] = [
    ["has forgotten the job before anybody looked", { forgetsEndedJobs: true }, {}],
    ["is not ready after the boot", {}, { notReadyRequests: 9 }],
    ["gives the job another id with the boot", { renamesJobsAtBoot: true }, {}],
    ["takes its time to end the job", { slowJobRequests: 5 }, {}],
    ["makes no job by itself", { makesNoJobs: true }, {}],
  ];
  for (const [what, before, after] of troubles) {
    it(`comes to the same end although the BMC ${what}`, async () => {
      const { bed, ended } = await applyOn(before, after);
      assert.deepEqual([ended.state, ended.failure], ["succeeded", undefined]);
      assert.equal(boots(bed), 1);
    });
  }

  it("stops after the boot with what the BMC says, when the settings did not come", async () => {
    const { bed, bmc, ended } = await applyOn({ failsJobs: true });
    assert.equal(ended.state, "failed");
    assert.equal(ended.failure?.reason, "REBOOT_WITHOUT_EFFECT");
    const { found, needs } = ended.failure?.metadata ?? {};
    assert.match(found ?? "", /ProcVirtualization=Disabled.*JID_\d+ Failed: Unable to complete/);
    assert.match(needs ?? "", /ProcVirtualization=Enabled/);
    assert.deepEqual([bmc.pending.size, bmc.jobs.length], [0, 1]);
    assert.equal(boots(bed), 1);
  });
});
