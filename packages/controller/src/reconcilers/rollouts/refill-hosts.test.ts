import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId, parseJobId, parseProfileId, parseRolloutId } from "@switchyard/model";
import type { EmptiedHost } from "@switchyard/store";
import { mayRefill } from "./refill-hosts.ts";

const JOB = parseJobId("01890000-0000-7000-8000-000000000001");

const may = (change: Partial<EmptiedHost>): boolean =>
  mayRefill({
    rollout: parseRolloutId("boot"),
    rolloutState: "running",
    host: parseHostId("host-a"),
    profile: parseProfileId("fleet"),
    wave: 1,
    hardwareClass: "a",
    state: "running",
    job: undefined,
    isTouched: false,
    takenAtMs: 0,

    failure: undefined,
    proof: "",
    isEmptied: true,
    wasCordoned: false,
    hostState: "ready",
    labels: {},
    isBusy: false,
    jobState: undefined,
    jobFailure: undefined,
    ...change,
  });

describe("mayRefill", () => {
  it("waits for the change of a host in hand", () => {
    assert.equal(may({}), false);
    assert.equal(may({ state: "verifying", job: JOB, jobState: "succeeded" }), false);
    for (const state of ["updated", "unchanged", "rolled-back", "waiting"] as const) {
      assert.equal(may({ state }), true, state);
    }
  });

  it("keeps a host empty that a job may have broken", () => {
    assert.equal(may({ state: "failed", isTouched: true }), false);
    assert.equal(may({ state: "failed", isTouched: false }), true);
    assert.equal(may({ state: "stuck", rolloutState: "failed" }), false);
  });

  it("lets go of what an aborted rollout had in hand, once no job is at work on it", () => {
    const aborted = { rolloutState: "aborted" } as const;
    assert.equal(may(aborted), true);
    assert.equal(may({ ...aborted, job: JOB, jobState: "running" }), false);
    assert.equal(may({ ...aborted, job: JOB, jobState: "cancelled" }), true);
  });
});
