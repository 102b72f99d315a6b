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
    const perhaps = fail({ reason: "VM_START_FAILED", step: "01-ensureVmResumed" });
    assert.ok(perhaps.kind === "go");
    assert.deepEqual([perhaps.phase, perhaps.vm], ["clearing", "failed"]);
  });

  it("asks a host again whether a guest went on there, before it says that it did not", () => {
    const resumed = { phase: "starting", isLive: true } as const;
    const step = "01-ensureVmResumed";
    for (const [job, tries] of [
      [{ state: "expired", failure: undefined } as const, 0],
      [ended("needs-operator", { step }), 0],
      [ended("failed", { reason: "START_CUT_BY_BOOT", step: undefined }), 0],
      [ended("cancelled", { reason: "JOB_CANCELLED", step }), 0],
      [ended("failed", { reason: "FILE_ACCESS_FAILED", step: undefined }), 1],
    ] as const) {
      assert.equal(decide({ ...resumed, job, tries }).kind, "retry", JSON.stringify(job));
    }
    const never = decide({ ...resumed, job: { state: "cancelled", failure: undefined } });
    assert.ok(never.kind === "go" && never.phase === "reverting", "it was never sent");
  });

  it("does not start the older disk where an earlier start may have run", () => {
    const cold = { phase: "starting" } as const;
    const cut = ended("failed", { reason: "START_CUT_BY_BOOT", step: undefined });
    for (const job of [{ state: "expired", failure: undefined } as const, cut]) {
      assert.equal(decide({ ...cold, job }).kind, "retry", JSON.stringify(job));
    }
    for (const facts of [
      { job: ended("failed"), tries: 1 },
      { job: ended("failed", { step: "05-ensureVcpusPinned" }) },
    ]) {
      const decision = decide({ ...cold, ...facts });
      assert.ok(decision.kind === "go");
      assert.deepEqual([decision.phase, decision.vm], ["clearing", "failed"]);
    }
  });

  it("asks again for a VM to go on where it was, some times, also when that was cancelled", () => {
    for (const state of ["needs-operator", "expired", "cancelled"] as const) {
      const back = { phase: "returning", isLive: true, job: ended(state) } as const;
      assert.equal(decide(back).kind, "retry", state);
      const given = decide({ ...back, tries: 3 });
      assert.ok(given.kind === "go" && given.phase === "sweeping" && given.vm === "failed", state);
    }
    const stopped = decide({ phase: "returning", job: ended("cancelled") });
    assert.ok(stopped.kind === "go" && stopped.vm === "failed", "a start may be cancelled");
  });

  it("goes on with all that came before its old host was fenced", () => {
    for (const [phase, isLive] of [
      ["receiving", false],
      ["migrating", true],
    ] as const) {
      const facts = { phase, isLive, isSourceFenced: true } as const;
      assert.deepEqual(decide(facts), { kind: "go", phase: "starting", switch: "to-target" });
      const both = decide({ ...facts, isTargetFenced: true });
      assert.ok(both.kind === "go" && both.phase === "sweeping" && both.vm === "lost");
    }
  });

  it("tells what may be missing where the new host was fenced, and loses what ran there", () => {
    const fenced = { phase: "starting", isLive: true, isTargetFenced: true } as const;
    const back = decide({ ...fenced, job: ended("needs-operator") });
    assert.ok(back.kind === "go" && back.phase === "returning");
    assert.equal(back.failure?.reason, "HOST_FENCED");
    assert.match(back.failure?.message ?? "", /what it may have written since is not there/);
    const ran = decide(fenced);
    assert.ok(ran.kind === "go");
    assert.deepEqual([ran.phase, ran.vm], ["clearing", "lost"]);
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
