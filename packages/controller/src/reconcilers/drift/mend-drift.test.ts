import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HostDesired, type JobSpec, parseHostId } from "@switchyard/model";
import { systemClock, systemRandom } from "@switchyard/runtime";
import type { PlanRecord, Transaction } from "@switchyard/store";
import { buildBareLabHost } from "@switchyard/testkit";
import { buildDatapath, buildHostDesired } from "@switchyard/testkit/builders";
import { applyPlan } from "../../api/plans/apply-plan.ts";
import { createPlan } from "../../api/plans/create-plan.ts";
import { restoreHost } from "./mend-drift.ts";

const HOST = parseHostId("r740-07");
const LABELS = { role: "vm-host" };
const PARTS = { clock: systemClock, random: systemRandom };
const APPLIED: HostDesired = {
  ...buildHostDesired(buildDatapath({ hwOffload: false })),
  generation: 4,
  driftPolicy: "enforce",
};
/** What the profile is by now; no host of it was brought there yet. */
const PROFILE = { id: APPLIED.profile, generation: 2, spec: { selector: LABELS } };

/** A host at generation 4, whose inventory lacks the whole datapath. */
function fakeTransaction(options: { readonly bare?: boolean } = {}) {
  const host = {
    ...{ id: HOST, state: "ready", labels: LABELS, inventory: buildBareLabHost() },
    ...{ inventoryVersion: 1, desiredGeneration: 4, appliedGeneration: 4 },
    ...(options.bare === true ? {} : { appliedProfile: APPLIED.profile, appliedDesired: APPLIED }),
  };
  const jobs: JobSpec[] = [];
  const plans: PlanRecord[] = [];
  const tx = {
    profiles: { listAll: async () => [PROFILE] },
    vms: { list: async () => ({ items: [], next: undefined }) },
    hosts: {
      get: async () => host,
      lock: async () => host,
      raiseDesiredGeneration: async () => APPLIED.generation + 1,
    },
    plans: {
      create: async (draft: PlanRecord) => {
        plans.push({ ...draft, etag: "1", state: "ready" });
        return plans.at(-1);
      },
      get: async () => plans.at(-1),
      markApplied: async () => undefined,
    },
    jobs: {
      create: async ({ id, spec }: { readonly id: string; readonly spec: JobSpec }) => {
        jobs.push(spec);
        return { id };
      },
    },
  } as unknown as Transaction;
  return { tx, jobs };
}

describe("restoreHost", () => {
  it("leads back to what was applied, whatever the profile is by now", async () => {
    const { tx, jobs } = fakeTransaction();
    assert.ok((await restoreHost(PARTS, tx, HOST)) !== undefined);
    const [spec] = jobs;
    assert.ok(spec?.kind === "apply-host");
    assert.deepEqual(spec.desired, { ...APPLIED, generation: 5 });
    assert.equal(spec.desired.profileGeneration, 1);
  });

  it("takes nothing away from a host that nothing was applied to", async () => {
    const { tx, jobs } = fakeTransaction({ bare: true });
    await assert.rejects(restoreHost(PARTS, tx, HOST), { reason: "HOST_HAS_NO_PROFILE" });
    assert.deepEqual(jobs, []);
  });

  it("is the one way to an older version: anybody else's plan of it is stale", async () => {
    const { tx } = fakeTransaction();
    const wanted = { host: HOST, goal: "restore", vmPolicy: "refuse", reason: "" } as const;
    const { id, etag } = await createPlan(PARTS, tx, wanted);
    await assert.rejects(applyPlan(PARTS, tx, { id, etag }), { reason: "GENERATION_STALE" });
  });
});
