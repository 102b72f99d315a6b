import type { ExperimentOutcome, HostId, JobFailure, Reason, VmId } from "@switchyard/model";
import type { ExperimentHostView, ExperimentView, ExperimentVmView } from "./experiment-view.ts";

/** What a controller does next; all of one decision may be done side by side. */
export type ExperimentAction =
  /** Plans the host's way to the mode under way (`mode`) or to its own (`own`), and makes the job. */
  | { readonly kind: "begin-host"; readonly host: HostId; readonly goal: "mode" | "own" }
  | { readonly kind: "host-done"; readonly host: HostId }
  | { readonly kind: "place-vms" }
  | { readonly kind: "delete-vm"; readonly vm: VmId; readonly host: HostId }
  | { readonly kind: "measure-baseline" }
  | { readonly kind: "measure-round"; readonly round: number }
  | { readonly kind: "enter"; readonly state: "starting" | "measuring" | "clearing" }
  | { readonly kind: "next-mode" }
  | { readonly kind: "restore"; readonly outcome: ExperimentOutcome; readonly failure?: JobFailure }
  | { readonly kind: "release"; readonly host: HostId; readonly failure?: JobFailure }
  | { readonly kind: "end" };

export interface ExperimentDecision {
  readonly actions: readonly ExperimentAction[];
  /** What is waited for, for people; empty where nothing is. */
  readonly waitsFor: string;
}

/** Plans that were stale, and deletions that failed, of one host in one state. */
const TRIES_MAX = 5;

const act = (...actions: readonly ExperimentAction[]): ExperimentDecision => ({
  actions,
  waitsFor: "",
});
const wait = (waitsFor: string): ExperimentDecision => ({ actions: [], waitsFor });

const failureOf = (
  reason: Reason,
  message: string,
  metadata: Readonly<Record<string, string>> = {},
): JobFailure => ({ reason, message, metadata, step: undefined });

const fail = (failure: JobFailure): ExperimentDecision =>
  act({ kind: "restore", outcome: "failed", failure });

const names = (hosts: readonly { readonly host: HostId }[]): string =>
  hosts.map(({ host }) => host).join(", ");

/** The agent found the host otherwise than it was when the plan was made: the plan is made anew. */
const mayRepeat = ({ failure, tries }: ExperimentHostView): boolean =>
  failure?.reason === "PLAN_STALE" && tries < TRIES_MAX;

const hasFailed = ({ job, failure }: ExperimentHostView): boolean =>
  job === "failed" || failure !== undefined;

const unexplained = ({ host }: ExperimentHostView): JobFailure =>
  failureOf("JOB_CANCELLED", `a job of ${host} ended otherwise than it should`);

const SENDER_AND_RECEIVER = 2;

function decideSwitching({ hosts }: ExperimentView): ExperimentDecision {
  const broken = hosts.find((host) => hasFailed(host) && !mayRepeat(host));
  if (broken !== undefined) return fail(broken.failure ?? unexplained(broken));
  const open = hosts.filter(({ isDone }) => !isDone);
  if (open.length === 0) return act({ kind: "enter", state: "starting" });
  const actions = open.flatMap((host): readonly ExperimentAction[] => {
    if (host.job === "succeeded") return [{ kind: "host-done", host: host.host }];
    if (host.job === "working" || host.isBusy) return [];
    return [{ kind: "begin-host", host: host.host, goal: "mode" }];
  });
  return { actions, waitsFor: `${names(open)} to be in the mode` };
}

/** A VM that is not where it should be, or does not do what it should. */
const isOut = ({ state }: ExperimentVmView): boolean =>
  state === undefined || state === "failed" || state === "stopped" || state === "lost";

const lostFailure = ({ host }: { readonly host: HostId }): JobFailure =>
  failureOf("HOST_UNREACHABLE", `${host} is lost`, { found: "no heartbeat" });

const outFailure = ({ vm, host, state, failure }: ExperimentVmView): JobFailure => {
  // Of a VM it is known a moment before it is of its host.
  if (state === "lost") return lostFailure({ host });
  if (failure !== undefined) return failure;
  return failureOf("VM_NOT_RUNNING", `VM ${vm} of the experiment does not run`, {
    found: state === undefined ? "no such VM" : `state ${state}`,
    needs: "state running",
  });
};

function decideStarting({ vms }: ExperimentView): ExperimentDecision {
  if (vms.every(({ state }) => state === undefined)) return act({ kind: "place-vms" });
  const out = vms.find(isOut);
  if (out !== undefined) return fail(outFailure(out));
  const running = vms.filter(({ state }) => state === "running");
  return running.length === SENDER_AND_RECEIVER
    ? act({ kind: "enter", state: "measuring" })
    : wait("the VMs to run");
}

function decideMeasuring(view: ExperimentView): ExperimentDecision {
  const out = view.vms.find(isOut);
  if (out !== undefined) return fail(outFailure(out));
  if (!view.hasBaseline) return act({ kind: "measure-baseline" });
  if (view.roundsDone < view.roundCount) {
    return act({ kind: "measure-round", round: view.roundsDone + 1 });
  }
  return act({ kind: "enter", state: "clearing" });
}

/** Deletions of what is left of VMs, and whether one failed too often. */
function clear(vms: readonly ExperimentVmView[], hosts: readonly ExperimentHostView[]) {
  const left = vms.filter(({ state }) => state !== undefined);
  const due = left.filter(({ state }) => state !== "deleting");
  const triesOf = (host: HostId) => hosts.find((each) => each.host === host)?.tries ?? 0;
  return {
    left,
    stuck: due.find(({ host }) => triesOf(host) >= TRIES_MAX),
    actions: due.map(({ vm, host }): ExperimentAction => ({ kind: "delete-vm", vm, host })),
  };
}

function decideClearing(view: ExperimentView): ExperimentDecision {
  const { left, stuck, actions } = clear(view.vms, view.hosts);
  if (stuck !== undefined) return fail(outFailure(stuck));
  if (left.length > 0) return { actions, waitsFor: "the VMs to be gone" };
  return view.modeIndex + 1 < view.modeCount
    ? act({ kind: "next-mode" })
    : act({ kind: "restore", outcome: "succeeded" });
}

const unrestored = ({ host }: ExperimentHostView, found: string): JobFailure =>
  failureOf("EXPERIMENT_NOT_RESTORED", `${host} was not brought back to its profile`, {
    found,
    try: `swy plan create --host ${host}`,
  });

function restoreHost(view: ExperimentView, host: ExperimentHostView, isLate: boolean) {
  const give = (failure?: JobFailure): ExperimentDecision =>
    act({ kind: "release", host: host.host, ...(failure !== undefined && { failure }) });
  if (isLate) {
    return give(unrestored(host, host.isLost ? "it is lost" : "it took longer than it may"));
  }
  if (host.isLost) return wait(`${host.host}, which is lost`);
  const own = clear(
    view.vms.filter((vm) => vm.host === host.host),
    view.hosts,
  );
  if (own.stuck !== undefined) return give(unrestored(host, `VM ${own.stuck.vm} is still there`));
  if (own.left.length > 0) {
    return { actions: own.actions, waitsFor: `VMs on ${host.host} to be gone` };
  }
  if (host.isDone) return give();
  if (host.job === "succeeded") return act({ kind: "host-done", host: host.host });
  if (host.job === "working" || host.isBusy) return wait(`${host.host} to be at its profile`);
  if (hasFailed(host) && host.tries >= TRIES_MAX) {
    return give(unrestored(host, host.failure?.message ?? "its job failed"));
  }
  return act({ kind: "begin-host", host: host.host, goal: "own" });
}

function decideRestoring(view: ExperimentView, isLate: boolean): ExperimentDecision {
  const open = view.hosts.filter(({ isReleased }) => !isReleased);
  if (open.length === 0) return act({ kind: "end" });
  const decisions = open.map((host) => restoreHost(view, host, isLate));
  return {
    actions: decisions.flatMap(({ actions }) => actions),
    waitsFor: decisions
      .map(({ waitsFor }) => waitsFor)
      .filter((text) => text !== "")
      .join("; "),
  };
}

/**
 * Pure: the same view at the same time gives the same decision. Whatever goes wrong leads to `restoring`, and
 * there each host is brought back and given back for itself, so that one that is lost holds up no other.
 */
export function decideExperiment(view: ExperimentView, nowMs: number): ExperimentDecision {
  const isLate = nowMs > view.deadlineMs;
  if (view.state === "restoring") return decideRestoring(view, isLate);
  const lost = view.hosts.find(({ isLost }) => isLost);
  if (lost !== undefined) return fail(lostFailure(lost));
  if (isLate) {
    return fail(failureOf("EXPERIMENT_TIMED_OUT", `the experiment is ${view.state} for too long`));
  }
  switch (view.state) {
    case "switching":
      return decideSwitching(view);
    case "starting":
      return decideStarting(view);
    case "measuring":
      return decideMeasuring(view);
    case "clearing":
      return decideClearing(view);
    default:
      return wait("");
  }
}
