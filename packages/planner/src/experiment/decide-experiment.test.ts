import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ExperimentState, type JobFailure, parseHostId, parseVmId } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import { decideExperiment, type ExperimentAction } from "./decide-experiment.ts";
import type { ExperimentHostView, ExperimentView, ExperimentVmView } from "./experiment-view.ts";

const NOW_MS = 1_000;
const [A, B] = [parseHostId("host-a"), parseHostId("host-b")];
const failureOf = (reason: JobFailure["reason"]): JobFailure => ({
  ...{ reason, message: "it failed", metadata: {}, step: undefined },
});

const hostOf = (host: typeof A, change: Partial<ExperimentHostView> = {}): ExperimentHostView => ({
  host,
  ...{ isLost: false, isBusy: false, job: "none", failure: undefined, tries: 0 },
  ...{ isDone: false, isReleased: false },
  ...change,
});
const vmOf = (place: 1 | 2, state: ExperimentVmView["state"]): ExperimentVmView => ({
  vm: parseVmId(`exp-${place}`),
  host: place === 1 ? A : B,
  state,
  failure: undefined,
});
const viewOf = (state: ExperimentState, change: Partial<ExperimentView> = {}): ExperimentView => ({
  ...{ state, outcome: undefined, modeIndex: 0, modeCount: 2, roundCount: 3 },
  ...{ deadlineMs: NOW_MS + 1, hasBaseline: true, roundsDone: 0 },
  hosts: [hostOf(A), hostOf(B)],
  vms: [vmOf(1, undefined), vmOf(2, undefined)],
  ...change,
});
const kinds = (view: ExperimentView) =>
  decideExperiment(view, NOW_MS).actions.map(({ kind }) => kind);
const running = [vmOf(1, "running"), vmOf(2, "running")];

describe("decideExperiment", () => {
  it("brings both hosts to the mode side by side, and waits for those that are busy", () => {
    assert.deepEqual(kinds(viewOf("switching")), ["begin-host", "begin-host"]);
    const busy = [hostOf(A, { isBusy: true }), hostOf(B, { job: "succeeded" })];
    assert.deepEqual(kinds(viewOf("switching", { hosts: busy })), ["host-done"]);
    const done = [hostOf(A, { isDone: true }), hostOf(B, { isDone: true })];
    assert.deepEqual(decideExperiment(viewOf("switching", { hosts: done }), NOW_MS).actions, [
      { kind: "enter", state: "starting" },
    ]);
  });

  it("plans anew what was stale, a bounded number of times, and fails with what a job failed with", () => {
    const stale = { job: "failed", failure: failureOf("PLAN_STALE") } as const;
    const hosts = (tries: number) => [hostOf(A, { ...stale, tries }), hostOf(B, { isDone: true })];
    assert.deepEqual(kinds(viewOf("switching", { hosts: hosts(1) })), ["begin-host"]);
    assert.deepEqual(kinds(viewOf("switching", { hosts: hosts(5) })), ["restore"]);
    const failure = failureOf("DEVICE_BUSY");
    const failed = [hostOf(A, { job: "failed", failure }), hostOf(B)];
    assert.deepEqual(decideExperiment(viewOf("switching", { hosts: failed }), NOW_MS).actions, [
      { kind: "restore", outcome: "failed", failure },
    ]);
  });

  it("places the pair once, and measures when both run", () => {
    assert.deepEqual(kinds(viewOf("starting")), ["place-vms"]);
    const one = [vmOf(1, "running"), vmOf(2, "starting")];
    assert.deepEqual(kinds(viewOf("starting", { vms: one })), []);
    assert.deepEqual(kinds(viewOf("starting", { vms: running })), ["enter"]);
    assert.deepEqual(kinds(viewOf("starting", { vms: [vmOf(1, "failed"), vmOf(2, "running")] })), [
      "restore",
    ]);
  });

  it("measures what comes before the rounds, then each round, then clears", () => {
    const view = (change: Partial<ExperimentView>) =>
      viewOf("measuring", { vms: running, ...change });
    assert.deepEqual(kinds(view({ hasBaseline: false })), ["measure-baseline"]);
    assert.deepEqual(decideExperiment(view({ roundsDone: 1 }), NOW_MS).actions, [
      { kind: "measure-round", round: 2 },
    ]);
    assert.deepEqual(decideExperiment(view({ roundsDone: 3 }), NOW_MS).actions, [
      { kind: "enter", state: "clearing" },
    ]);
  });

  it("goes to the next mode once the pair is gone, and restores after the last", () => {
    assert.deepEqual(kinds(viewOf("clearing", { vms: running })), ["delete-vm", "delete-vm"]);
    const going = [vmOf(1, "deleting"), vmOf(2, undefined)];
    assert.deepEqual(kinds(viewOf("clearing", { vms: going })), []);
    assert.deepEqual(kinds(viewOf("clearing")), ["next-mode"]);
    assert.deepEqual(decideExperiment(viewOf("clearing", { modeIndex: 1 }), NOW_MS).actions, [
      { kind: "restore", outcome: "succeeded" },
    ]);
  });

  it("restores as soon as a host is lost, a VM is gone or a state takes too long", () => {
    const lost = [hostOf(A), hostOf(B, { isLost: true })];
    for (const state of ["switching", "starting", "measuring", "clearing"] as const) {
      assert.deepEqual(kinds(viewOf(state, { hosts: lost })), ["restore"]);
      assert.deepEqual(kinds(viewOf(state, { deadlineMs: 0 })), ["restore"]);
    }
    assert.deepEqual(kinds(viewOf("measuring")), ["restore"]);
  });

  it("gives each host back for itself: its VM first, then its own mode; a lost one is waited for", () => {
    const first = viewOf("restoring", {
      hosts: [hostOf(A), hostOf(B, { isLost: true })],
      vms: running,
    });
    assert.deepEqual(decideExperiment(first, NOW_MS).actions, [
      { kind: "delete-vm", vm: "exp-1", host: A },
    ]);
    assert.match(decideExperiment(first, NOW_MS).waitsFor, /host-b, which is lost/);
    const then = { vms: [vmOf(1, undefined), vmOf(2, "lost")] };
    const step = (host: Partial<ExperimentHostView>) =>
      decideExperiment(
        { ...first, ...then, hosts: [hostOf(A, host), hostOf(B, { isLost: true })] },
        NOW_MS,
      ).actions;
    assert.deepEqual(step({}), [{ kind: "begin-host", host: A, goal: "own" }]);
    assert.deepEqual(step({ isBusy: true }), []);
    assert.deepEqual(step({ job: "succeeded" }), [{ kind: "host-done", host: A }]);
    assert.deepEqual(step({ isDone: true }), [{ kind: "release", host: A }]);
    assert.deepEqual(step({ isReleased: true }), []);
  });

  it("leaves a host that can't be brought back, and says so", () => {
    const failure = failureOf("COMMAND_FAILED");
    const failed = [
      hostOf(A, { job: "failed", failure, tries: 5 }),
      hostOf(B, { isReleased: true }),
    ];
    const [action] = decideExperiment(viewOf("restoring", { hosts: failed }), NOW_MS).actions;
    assert.equal(action?.kind, "release");
    assert.equal(
      action?.kind === "release" ? action.failure?.reason : undefined,
      "EXPERIMENT_NOT_RESTORED",
    );
    const late = viewOf("restoring", { hosts: [hostOf(A, { isLost: true })], deadlineMs: 0 });
    assert.deepEqual(kinds(late), ["release"]);
  });

  it("ends once every host is given back", () => {
    const hosts = [hostOf(A, { isReleased: true }), hostOf(B, { isReleased: true })];
    assert.deepEqual(kinds(viewOf("restoring", { hosts })), ["end"]);
  });

  it("always comes to its end, whatever fails on the way", () => {
    const seed = testSeed();
    const { float } = seededRandom(seed);
    for (let run = 0; run < 200; run += 1) {
      const end = simulate(float);
      assert.ok(end.steps < STEPS_MAX, `seed ${seed}: run ${run} stands at ${end.view.state}`);
      assert.ok(
        end.view.hosts.every(({ isReleased }) => isReleased),
        `seed ${seed}: run ${run} kept a host`,
      );
      assert.ok(end.view.vms.every(({ state }) => state === undefined) || end.isLeft);
    }
  });
});

const STEPS_MAX = 2_000;

interface End {
  readonly view: ExperimentView;
  readonly steps: number;
  /** A host was given up with its VM on it. */
  readonly isLeft: boolean;
}

/** Does what is decided on a world in which anything fails now and then. */
function simulate(float: () => number): End {
  let view = viewOf("switching", { hasBaseline: false, deadlineMs: STEPS_MAX });
  let isLeft = false;
  let isOver = false;
  const isUnlucky = () => float() < 0.06;
  const setHost = (host: string, change: Partial<ExperimentHostView>) => {
    view = {
      ...view,
      hosts: view.hosts.map((each) => (each.host === host ? { ...each, ...change } : each)),
    };
  };
  const setVms = (pick: (vm: ExperimentVmView) => ExperimentVmView["state"]) => {
    view = { ...view, vms: view.vms.map((vm) => ({ ...vm, state: pick(vm) })) };
  };
  const enter = (state: ExperimentState, change: Partial<ExperimentView> = {}) => {
    const hosts = view.hosts.map((host) => ({
      ...host,
      ...{ job: "none", tries: 0, isDone: false, failure: undefined },
    })) as readonly ExperimentHostView[];
    view = { ...view, ...change, state, hosts };
  };
  const act = (action: ExperimentAction): void => {
    switch (action.kind) {
      case "begin-host": {
        const tries = (view.hosts.find(({ host }) => host === action.host)?.tries ?? 0) + 1;
        const failed = { job: "failed", failure: failureOf("PLAN_STALE"), tries } as const;
        const good = { job: "succeeded", failure: undefined, tries } as const;
        setHost(action.host, isUnlucky() ? failed : good);
        return;
      }
      case "host-done":
        setHost(action.host, { isDone: true, failure: undefined });
        return;
      case "place-vms":
        setVms(() => (isUnlucky() ? "failed" : "running"));
        return;
      case "delete-vm": {
        const tries = (view.hosts.find(({ host }) => host === action.host)?.tries ?? 0) + 1;
        setHost(action.host, { tries });
        setVms((vm) => (vm.vm === action.vm ? (isUnlucky() ? "failed" : undefined) : vm.state));
        return;
      }
      case "measure-baseline":
        view = { ...view, hasBaseline: true };
        return;
      case "measure-round":
        view = { ...view, roundsDone: view.roundsDone + 1 };
        return;
      case "enter":
        enter(action.state);
        return;
      case "next-mode":
        enter("switching", {
          ...{ modeIndex: view.modeIndex + 1, hasBaseline: false, roundsDone: 0 },
        });
        return;
      case "restore":
        enter("restoring", { outcome: action.outcome });
        return;
      case "release":
        isLeft ||= action.failure !== undefined;
        setHost(action.host, { isReleased: true });
        return;
      case "end":
        isOver = true;
        return;
    }
  };
  let steps = 0;
  for (; steps < STEPS_MAX && !isOver; steps += 1) {
    if (float() < 0.03) setHost(float() < 0.5 ? A : B, { isLost: float() < 0.5 });
    for (const action of decideExperiment(view, steps).actions) act(action);
  }
  return { view, steps, isLeft };
}
