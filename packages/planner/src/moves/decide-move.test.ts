import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobFailure, JobState, MovePhase } from "@switchyard/model";
import { decideMove, type MoveFacts } from "./decide-move.ts";

const FACTS: MoveFacts = {
  phase: "sealing",
  job: { state: "succeeded", failure: undefined },
  wasRunning: true,
  isLive: false,
  tries: 0,
  isSourceFenced: false,
  isTargetFenced: false,
  hasTargetFiles: true,
};
const failure: JobFailure = {
  reason: "VM_START_FAILED",
  message: "it failed",
  metadata: {},
  step: "04-ensureVmRunning",
};
const ended = (state: JobState, of: Partial<JobFailure> = {}) => ({
  state,
  failure: state === "succeeded" ? undefined : { ...failure, ...of },
});
const decide = (facts: Partial<MoveFacts>) => decideMove({ ...FACTS, ...facts });

/** The way that a move takes when job after job ends like this. */
function way(ends: readonly JobState[], facts: Partial<MoveFacts> = {}): readonly string[] {
  const phases: string[] = ["sealing"];
  let phase: MovePhase = "sealing";
  for (const state of ends) {
    const decision = decide({ ...facts, phase, job: ended(state) });
    if (decision.kind === "go" || decision.kind === "end") phase = decision.phase;
    phases.push(decision.kind === "retry" ? `retry ${phase}` : phase);
  }
  return phases;
}

describe("decideMove", () => {
  it("takes a VM from host to host, job by job", () => {
    assert.deepEqual(way(["succeeded", "succeeded", "succeeded", "succeeded"]), [
      ...["sealing", "receiving", "starting", "clearing", "done"],
    ]);
  });

  it("waits for a job that has not ended", () => {
    for (const state of ["pending", "accepted", "running"] as const) {
      assert.deepEqual(decide({ job: ended(state) }), { kind: "wait" });
    }
  });

  it("lets a VM run where it was when it could not be ended or copied", () => {
    for (const state of ["failed", "cancelled", "expired"] as const) {
      assert.deepEqual(way([state, "succeeded", "succeeded"]), [
        ...["sealing", "returning", "sweeping", "failed"],
      ]);
      assert.deepEqual(way(["succeeded", state, "succeeded", "succeeded"]), [
        ...["sealing", "receiving", "returning", "sweeping", "failed"],
      ]);
    }
  });

  it("takes a VM that can't start off the new host before it starts where it was", () => {
    assert.deepEqual(
      way(["succeeded", "succeeded", "failed", "failed", "succeeded", "succeeded", "succeeded"]),
      [
        ...["sealing", "receiving", "starting", "reverting", "retry reverting"],
        ...["returning", "sweeping", "failed"],
      ],
    );
  });

  it("goes forward once the guest may have written on its new host", () => {
    const job = ended("failed", { reason: "GUEST_AGENT_SILENT", step: "05-ensureGuestAddress" });
    const decision = decide({ phase: "starting", job });
    assert.ok(decision.kind === "go");
    assert.deepEqual([decision.phase, decision.vm], ["clearing", "failed"]);
  });

  it("asks again where nobody can tell, and never goes back from there", () => {
    const job = ended("needs-operator");
    for (let tries = 0; tries < 20; tries += 1) {
      const decision = decide({ phase: "starting", job, tries });
      assert.ok(decision.kind === "retry" && decision.pauseMs <= 60_000);
    }
  });

  it("leaves a VM that was stopped stopped", () => {
    const facts = { phase: "starting", job: undefined, wasRunning: false } as const;
    const decision = decide(facts);
    assert.ok(decision.kind === "go" && decision.phase === "clearing");
    assert.equal(decision.vm, "stopped");
  });

  it("waits for an old host that is down with what is left there, and the VM runs", () => {
    assert.deepEqual(way(["succeeded", "succeeded", "succeeded", "expired", "succeeded"]), [
      ...["sealing", "receiving", "starting", "clearing", "retry clearing", "done"],
    ]);
  });

  it("takes a VM live from host to host, and lets it run there by a job only", () => {
    const live = { isLive: true } as const;
    const to = (phase: MovePhase, facts: Partial<MoveFacts> = {}) =>
      decide({ ...live, phase, ...facts });
    assert.deepEqual(to("preparing"), { kind: "go", phase: "migrating" });
    assert.deepEqual(to("migrating"), { kind: "go", phase: "starting", switch: "to-target" });
    const arrived = to("starting");
    assert.ok(arrived.kind === "go");
    assert.deepEqual([arrived.phase, arrived.vm], ["clearing", "running"]);
  });

  it("keeps a VM that was to go live where it is when anything fails before it is all there", () => {
    for (const phase of ["preparing", "migrating"] as const) {
      for (const state of ["failed", "cancelled", "expired"] as const) {
        const decision = decide({ phase, isLive: true, job: ended(state) });
        assert.ok(decision.kind === "go" && decision.phase === "returning", `${phase} ${state}`);
      }
      const untold = decide({ phase, isLive: true, job: ended("needs-operator") });
      assert.equal(untold.kind, "retry");
      const fenced = decide({ phase, isLive: true, job: ended("running"), isTargetFenced: true });
      assert.ok(fenced.kind === "go" && fenced.phase === "returning");
      const lost = decide({ phase, isLive: true, job: ended("running"), isSourceFenced: true });
      assert.ok(lost.kind === "go" && lost.phase === "sweeping" && lost.vm === "lost");
    }
  });

  it("takes a guest back only where it surely has not run on its new host", () => {
    const fail = (of: Partial<JobFailure>) =>
      decide({ phase: "starting", isLive: true, job: ended("failed", of) });
    for (const surely of [
      fail({ reason: "VM_NOT_ARRIVED", step: "01-ensureVmResumed" }),
      fail({ reason: "JOB_EXPIRED", step: undefined }),
    ]) {
      assert.ok(surely.kind === "go" && surely.phase === "reverting");
    }
    for (const perhaps of [
      fail({ reason: "VM_START_FAILED", step: "01-ensureVmResumed" }),
      fail({ reason: "START_CUT_BY_BOOT", step: undefined }),
    ]) {
      assert.ok(perhaps.kind === "go");
      assert.deepEqual([perhaps.phase, perhaps.vm], ["clearing", "failed"]);
    }
  });

  it("marks a VM whose host was fenced in mid-move as lost, and does not start it there", () => {
    for (const phase of ["sealing", "receiving", "returning"] as const) {
      const job = ended("pending");
      const decision = decide({ phase, job, isSourceFenced: true });
      assert.ok(decision.kind === "go");
      assert.deepEqual([decision.phase, decision.vm], ["sweeping", "lost"]);
    }
  });

  it("starts a VM where it was when the host it went to was fenced before it ran there", () => {
    for (const phase of ["starting", "reverting"] as const) {
      const decision = decide({ phase, job: ended("pending"), isTargetFenced: true });
      assert.ok(decision.kind === "go");
      assert.deepEqual([decision.phase, decision.switch], ["returning", "to-source"]);
    }
  });

  it("comes to an end from every phase when jobs begin to succeed", () => {
    const phases: readonly MovePhase[] = [
      ...(["sealing", "receiving", "starting", "clearing"] as const),
      ...(["reverting", "returning", "sweeping"] as const),
    ];
    for (const first of phases) {
      let phase: MovePhase = first;
      for (let step = 0; step < phases.length; step += 1) {
        const decision = decide({ phase, job: ended("succeeded") });
        assert.notEqual(decision.kind, "retry");
        if (decision.kind === "go" || decision.kind === "end") phase = decision.phase;
      }
      assert.ok(phase === "done" || phase === "failed", first);
    }
  });

  it("never starts a VM at its source but by way of an end on the target", () => {
    const states: readonly JobState[] = [
      ...(["succeeded", "failed", "needs-operator", "cancelled", "expired"] as const),
    ];
    for (const state of states) {
      const decision = decide({ phase: "starting", job: ended(state) });
      const isBack = decision.kind === "go" && decision.phase === "returning";
      assert.equal(isBack, false, state);
      if (state === "succeeded") continue;
      const reverted = decide({ phase: "reverting", job: ended(state) });
      assert.equal(reverted.kind, "retry", state);
    }
  });
});
