import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostDesired, Inventory } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import {
  applySteps,
  buildBareLabHost,
  buildBareR740,
  buildTeardown,
} from "@switchyard/testkit/builders";
import { randomDesired, randomHost, randomServer, randomWish } from "../testing/random-host.ts";
import { diffHost } from "./diff/diff-host.ts";
import { isBlocked, planHost } from "./plan-host.ts";

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);

describe("planHost on any host, after any interrupted plans", () => {
  it("gives no steps once its own result was applied", () => {
    for (const seed of SEEDS) {
      const random = seededRandom(seed);
      const host = randomHost(random);
      const desired = randomDesired(random, host);
      const after = applySteps(host, planHost(desired, host).steps);
      assert.deepEqual(planHost(desired, after).steps, [], `seed ${seed}`);
    }
  });

  it("reaches the same host wherever it was interrupted", () => {
    for (const seed of SEEDS.slice(0, 30)) {
      const random = seededRandom(seed);
      const host = randomHost(random);
      const desired = randomDesired(random, host);
      const { steps } = planHost(desired, host);
      for (let done = 0; done <= steps.length; done += 1) {
        const interrupted = applySteps(host, steps.slice(0, done));
        const resumed = applySteps(interrupted, planHost(desired, interrupted).steps);
        assert.deepEqual(planHost(desired, resumed).steps, [], `seed ${seed}, step ${done}`);
      }
    }
  });

  it("tears down to a host without anything of ours", () => {
    for (const seed of SEEDS) {
      const host = randomHost(seededRandom(seed));
      const after = applySteps(host, planHost(buildTeardown(), host).steps);
      const bare = after.hostKind === "lab" ? buildBareLabHost() : buildBareR740();
      const withoutLinks = (inventory: Inventory) =>
        inventory.nics.map(({ pfs }) => pfs.map(({ link: _, ...pf }) => pf));
      assert.deepEqual(withoutLinks(after), withoutLinks(bare), `seed ${seed}`);
      assert.deepEqual(after.ovs?.bridges, [], `seed ${seed}`);
      assert.deepEqual(after.bonds ?? [], [], `seed ${seed}`);
    }
  });

  it("gives every step an id of its own", () => {
    for (const seed of SEEDS) {
      const random = seededRandom(seed);
      const host = randomHost(random);
      const ids = planHost(randomDesired(random, host), host).steps.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, `seed ${seed}`);
    }
  });
});

describe("planHost with every section, on any server", () => {
  /** Plans that are not blocked, of hosts left by plans that were cut short where people may have gone on. */
  const cases = SEEDS.map((seed) => {
    const random = seededRandom(seed);
    const host = randomHost(random, randomServer(random), randomWish);
    const desired = randomWish(random, host);
    return { seed, host, desired, plan: planHost(desired, host) };
  }).filter(({ plan }) => !isBlocked(plan));

  it("has most of them to try", () => {
    const kinds = new Set(cases.flatMap(({ plan }) => plan.steps.map(({ kind }) => kind)));
    for (const kind of SECTION_KINDS) assert.ok(kinds.has(kind), `no plan has ${kind}`);
  });

  it("gives no steps once its own result was applied", () => {
    for (const { seed, host, desired, plan } of cases) {
      const after = applySteps(host, plan.steps);
      assert.deepEqual(titlesOf(desired, after), [], `seed ${seed}`);
    }
  });

  it("has steps where a field differs from what is wanted, and only there", () => {
    for (const { seed, host, desired, plan } of cases) {
      if (desired.datapath === undefined) continue;
      for (let done = 0; done <= plan.steps.length; done += 1) {
        const observed = applySteps(host, plan.steps.slice(0, done));
        const fields = diffHost(desired, observed).map(({ field }) => field);
        const steps = titlesOf(desired, observed);
        const what = `seed ${seed}, step ${done}: ${fields.join(", ")}; ${steps.join(", ")}`;
        assert.equal(fields.length > 0, steps.length > 0, what);
      }
    }
  });

  it("reaches the same host wherever it was interrupted", () => {
    for (const { seed, host, desired, plan } of cases.slice(0, 30)) {
      for (let done = 0; done <= plan.steps.length; done += 1) {
        const interrupted = applySteps(host, plan.steps.slice(0, done));
        const resumed = applySteps(interrupted, planHost(desired, interrupted).steps);
        assert.deepEqual(titlesOf(desired, resumed), [], `seed ${seed}, step ${done}`);
      }
    }
  });
});

const SECTION_KINDS = [
  "ensureBiosSettings",
  "ensureRepositories",
  "ensurePackages",
  "ensureKernelArguments",
  "ensureModulesAtBoot",
  "ensureFirmwareStored",
  "ensureFirmwareConfig",
  "ensureDriverInstalled",
  "ensureDriverLoaded",
  "ensureInitramfs",
  "ensureQemuBuilt",
  "ensureQemuLink",
  "ensureLibvirtUser",
  "ensureRebooted",
  "ensureBond",
  "ensureVfDriver",
  "ensureVdpaDevice",
] as const;

const titlesOf = (desired: HostDesired, observed: Inventory): readonly string[] =>
  planHost(desired, observed).steps.map(({ title }) => title);
