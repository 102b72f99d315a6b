import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostDesired, type Inventory, parseHostId } from "@switchyard/model";
import { type Random, seededRandom } from "@switchyard/runtime";
import { applySteps } from "@switchyard/testkit/builders";
import { isBlocked, planHost } from "../host/plan-host.ts";
import { randomHost, randomServer, randomWish } from "../testing/random-host.ts";
import { describeHost, desireAsFound } from "./describe-host.ts";

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);
const HOST = parseHostId("r740-01");

/** A host and a wish for it. */
function wishOf(
  seed: number,
  hostOf: (random: Random) => Inventory = interrupted,
): { readonly host: Inventory; readonly desired: HostDesired } {
  const random = seededRandom(seed);
  const host = hostOf(random);
  const desired = randomWish(random, host);
  return { host, desired };
}

/** As plans left it that were cut short. */
const interrupted = (random: Random): Inventory =>
  randomHost(random, randomServer(random), randomWish);

/** Hosts that one plan has set up, with what it was for. */
const setUp = (hostOf?: (random: Random) => Inventory) =>
  SEEDS.flatMap((seed) => {
    const { host, desired } = wishOf(seed, hostOf);
    const plan = planHost(desired, host);
    if (isBlocked(plan) || desired.datapath === undefined) return [];
    return [{ seed, desired, observed: applySteps(host, plan.steps) }];
  });

const describeIt = (observed: Inventory, applied?: HostDesired) =>
  describeHost({ host: HOST, selector: { rack: "a" }, observed, applied });

/** Titles of the steps of the described profile's plan. */
function planOf(observed: Inventory, description: ReturnType<typeof describeHost>) {
  const { spec } = description;
  assert.ok(spec);
  return planHost(desireAsFound(HOST, observed, spec), observed).steps.map(({ title }) => title);
}

describe("describeHost", () => {
  const settled = setUp();

  it("writes a profile without a remark whose plan is empty, of any server that a plan has set up", () => {
    for (const { seed, desired, observed } of setUp(randomServer)) {
      const slots = desired.datapath?.slots.length ?? 0;
      const ports = desired.datapath?.mode === "vdpa" && desired.datapath.bond ? 2 : 1;
      const isWhole = slots === (desired.datapath?.vfCount ?? 0) * ports;
      const description = describeIt(observed, desired);
      if (!isWhole) continue;
      assert.deepEqual(planOf(observed, description), [], `seed ${seed}`);
      const remarks = description.findings.map(({ message, found }) => `${message}: ${found}`);
      assert.deepEqual(remarks.filter(isUnexpected), [], `seed ${seed}`);
    }
  });

  it("has every section that the plan was for, as far as the host shows it", () => {
    for (const { seed, desired, observed } of settled) {
      const { spec } = describeIt(observed, desired);
      assert.equal(spec?.datapath.mode, desired.datapath?.mode, `seed ${seed}`);
      assert.equal(spec?.datapath.vfCount, desired.datapath?.vfCount, `seed ${seed}`);
      if (desired.driver !== undefined)
        assert.deepEqual(spec?.driver, desired.driver, `seed ${seed}`);
      if (desired.virtualization !== undefined) {
        assert.deepEqual(spec?.virtualization?.qemu, desired.virtualization.qemu, `seed ${seed}`);
      }
      for (const [name, value] of Object.entries(desired.bios?.attributes ?? {})) {
        assert.equal(spec?.bios?.attributes[name], value, `seed ${seed}`);
      }
      const ours = (desired.system?.kernelArguments ?? []).filter((each) => /iommu|pci/.test(each));
      for (const argument of ours) {
        assert.ok(spec?.system?.kernelArguments.includes(argument), `seed ${seed}: ${argument}`);
      }
    }
  });

  it("leaves out what only files could say where no plan of ours was there, and says so", () => {
    for (const { seed, observed } of settled) {
      const description = describeIt(observed);
      const { spec, findings } = description;
      const named = findings.map(({ message }) => message).join("; ");
      const isInbox = spec?.driver?.kind === "inbox";
      assert.equal(isInbox, !/leaves out the driver/.test(named), `seed ${seed}`);
      assert.ok(spec?.driver === undefined || isInbox, `seed ${seed}`);
      assert.match(named, /firmware versions whose image nobody named/, `seed ${seed}`);
    }
  });

  it("says what the profile's plan would do, of a host that was left anyhow", () => {
    for (const seed of SEEDS) {
      const { host } = wishOf(seed);
      const description = describeIt(host);
      if (description.spec === undefined) {
        assert.ok(description.findings.some(({ severity }) => severity === "error"));
        continue;
      }
      const titles = planOf(host, description);
      const isSaid = description.findings.some(({ message }) => message.includes("not yet as"));
      assert.equal(isSaid, titles.length > 0, `seed ${seed}: ${titles.join("; ")}`);
    }
  });
});

/** Nobody named an image where the profile has none. */
const isUnexpected = (remark: string): boolean =>
  !remark.includes("firmware versions whose image nobody named");
