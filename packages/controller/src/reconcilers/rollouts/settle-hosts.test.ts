import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId, parseJobId, parseProfileId } from "@switchyard/model";
import type { RolloutHostStatus } from "@switchyard/store";
import { settleHost } from "./settle-hosts.ts";

const NOW_MS = 1_000_000;
const JOB = parseJobId("01890000-0000-7000-8000-000000000001");

const statusOf = (change: Partial<RolloutHostStatus>): RolloutHostStatus => ({
  host: parseHostId("host-a"),
  profile: parseProfileId("fleet"),
  wave: 1,
  hardwareClass: "a",
  state: "running",
  job: JOB,
  isTouched: true,
  takenAtMs: NOW_MS,

  failure: undefined,
  proof: "",
  isEmptied: false,
  wasCordoned: false,
  hostState: "ready",
  labels: {},
  isBusy: false,
  jobState: "running",
  jobFailure: undefined,
  ...change,
});

const AT_WORK = { rolloutState: "running", nowMs: NOW_MS } as const;

const settle = (change: Partial<RolloutHostStatus>) => settleHost(statusOf(change), AT_WORK)?.state;

describe("settleHost", () => {
  it("leaves a host to its job, and looks at it once that has succeeded", () => {
    assert.equal(settle({}), undefined);
    assert.equal(settle({ jobState: "succeeded" }), "verifying");
  });

  it("notes a job that ended otherwise, with its reason", () => {
    for (const jobState of ["failed", "needs-operator", "cancelled", "expired"] as const) {
      assert.equal(settle({ jobState }), "failed");
      assert.equal(settle({ state: "rolling-back", jobState }), "stuck");
    }
    assert.equal(
      settleHost(statusOf({ jobState: "expired" }), AT_WORK)?.failure?.reason,
      "JOB_EXPIRED",
    );
  });

  it("gives back a host that a controller took in hand and left", () => {
    const left = { job: undefined, jobState: undefined } as const;
    assert.equal(settle(left), undefined);
    assert.equal(settle({ ...left, takenAtMs: 0 }), "waiting");
    assert.equal(settle({ ...left, state: "rolling-back", takenAtMs: 0 }), "updated");
  });

  it("gives back at once what nobody can begin any more: the rollout runs no longer", () => {
    const left = statusOf({ job: undefined, jobState: undefined });
    for (const rolloutState of ["paused", "halted", "rolling-back"] as const) {
      const change = settleHost(left, { rolloutState, nowMs: NOW_MS });
      assert.equal(change?.state, "waiting", rolloutState);
    }
    const back = { ...left, state: "rolling-back" } as const;
    const paused = { rolloutState: "paused", nowMs: NOW_MS } as const;
    assert.equal(settleHost(back, { ...paused, rolloutState: "rolling-back" }), undefined);
    assert.equal(settleHost(back, paused)?.state, "updated");
    const failure = { reason: "JOB_EXPIRED", message: "", metadata: {}, step: undefined } as const;
    assert.equal(settleHost({ ...back, failure }, paused)?.state, "failed", "as it was before");
  });

  it("lets hosts wait whose jobs a halt withdrew; one that a person cancels has failed", () => {
    const cancelled = statusOf({ jobState: "cancelled" });
    const halted = { rolloutState: "halted", nowMs: NOW_MS } as const;
    assert.equal(settleHost(cancelled, halted)?.state, "waiting");
    assert.equal(settleHost(cancelled, AT_WORK)?.state, "failed");
    assert.equal(settleHost(statusOf({ jobState: "expired" }), halted)?.state, "failed");
    assert.equal(settleHost(statusOf({ jobState: "succeeded" }), halted)?.state, "verifying");
  });

  it("waits without end for VMs that move elsewhere, unless the rollout goes back", () => {
    const emptied = { isEmptied: true, job: undefined, jobState: undefined, takenAtMs: 0 } as const;
    assert.equal(settle(emptied), undefined);
    const back = { rolloutState: "rolling-back", nowMs: NOW_MS } as const;
    assert.equal(settleHost(statusOf(emptied), back)?.state, "waiting");
    const touched = statusOf({ ...emptied, state: "rolling-back" });
    assert.equal(settleHost(touched, back), undefined);
  });

  it("counts a host that is lost after its change as failed, and no other", () => {
    const lost = { hostState: "lost" } as const;
    assert.equal(settle({ ...lost, state: "updated" }), "failed");
    assert.equal(settle({ ...lost, state: "verifying" }), "failed");
    assert.equal(settle({ ...lost, state: "unchanged" }), undefined);
    assert.equal(settle({ ...lost, state: "running" }), undefined);
  });
});
