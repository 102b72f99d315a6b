import {
  assertNever,
  type ExperimentId,
  isJobEnd,
  LATENCY_PING_INTERVAL_MS,
  SwitchyardError,
  type VmId,
} from "@switchyard/model";
import {
  decideExperiment,
  type ExperimentAction,
  type ExperimentHostView,
  type ExperimentView,
  type ExperimentVmView,
} from "@switchyard/planner";
import type { ExperimentHostStatus, ExperimentRecord, Transaction } from "@switchyard/store";
import {
  CLEARING_MS,
  MEASURING_EXTRA_MS,
  RESTORING_MS,
  STARTING_MS,
  SWITCHING_MS,
} from "../../api/experiments/limits.ts";
import { pairOf } from "../../api/experiments/pair.ts";
import { failureOf } from "../../api/jobs/failure-of.ts";
import { deleteVm } from "../../api/vms/delete-vm.ts";
import type { ExperimentParts } from "./parts.ts";

/** What is to be done outside the transaction. */
export type OutsideAction = Extract<
  ExperimentAction,
  { readonly kind: "begin-host" | "place-vms" | "measure-baseline" | "measure-round" }
>;

export interface Advanced {
  /** As it was before what was done in the transaction. */
  readonly experiment: ExperimentRecord;
  readonly outside: readonly OutsideAction[];
  /** Something was written, jobs perhaps. */
  readonly isMoved: boolean;
}

/** How long this controller has an experiment for itself after each look. */
const HOLD_MS = 10_000;
/** What a round takes beside its run and its pings. */
const ROUND_EXTRA_MS = 30_000;

function jobOf({ job, jobState }: ExperimentHostStatus): ExperimentHostView["job"] {
  if (job === undefined || jobState === undefined) return "none";
  if (!isJobEnd(jobState)) return "working";
  return jobState === "succeeded" ? "succeeded" : "failed";
}

const hostView = (status: ExperimentHostStatus): ExperimentHostView => ({
  host: status.host,
  isLost: status.hostState === "lost",
  isBusy: status.isBusy,
  job: jobOf(status),
  failure: status.jobFailure ?? status.failure,
  tries: status.tries,
  isDone: status.isDone,
  isReleased: status.isReleased,
});

async function viewVms(
  tx: Transaction,
  experiment: ExperimentRecord,
): Promise<readonly ExperimentVmView[]> {
  const views: ExperimentVmView[] = [];
  for (const { vm, host } of pairOf(experiment)) {
    const found = await tx.vms.find(vm);
    // A VM of the name that somebody else made is not of the experiment.
    const own = found?.spec.labels?.["experiment"] === experiment.id ? found : undefined;
    views.push({ vm, host, state: own?.state, failure: own?.failure });
  }
  return views;
}

async function viewOf(tx: Transaction, experiment: ExperimentRecord): Promise<ExperimentView> {
  const { id, state, outcome, modeIndex, modeOrder, spec, deadlineMs, baselines } = experiment;
  const mode = modeOrder[modeIndex];
  const rounds = await tx.experiments.listRounds(id);
  return {
    ...{ state, outcome, modeIndex, deadlineMs },
    modeCount: modeOrder.length,
    roundCount: spec.roundCount,
    hosts: (await tx.experiments.listStatus(id)).map(hostView),
    vms: await viewVms(tx, experiment),
    hasBaseline: mode !== undefined && baselines[mode] !== undefined,
    roundsDone: rounds.filter((round) => round.mode === mode).length,
  };
}

const measuringMs = ({ spec }: ExperimentRecord): number => {
  const pingMs = spec.pingCount * LATENCY_PING_INTERVAL_MS;
  const roundMs = spec.durationMs + pingMs + ROUND_EXTRA_MS;
  return spec.roundCount * roundMs + spec.idleMs + spec.warmUpMs + MEASURING_EXTRA_MS;
};

const modeText = ({ modeOrder, modeIndex }: ExperimentRecord, index = modeIndex): string =>
  `mode ${modeOrder[index] ?? ""}, ${index + 1} of ${modeOrder.length}`;

async function enter(
  tx: Transaction,
  experiment: ExperimentRecord,
  {
    state,
    nowMs,
  }: { readonly state: "starting" | "measuring" | "clearing"; readonly nowMs: number },
): Promise<void> {
  const takesMs = {
    starting: STARTING_MS,
    measuring: measuringMs(experiment),
    clearing: CLEARING_MS,
  }[state];
  const deadlineMs = nowMs + takesMs;
  const reason = modeText(experiment);
  await tx.experiments.setState({ id: experiment.id, state, reason, deadlineMs });
}

async function nextMode(tx: Transaction, experiment: ExperimentRecord, nowMs: number) {
  const modeIndex = experiment.modeIndex + 1;
  await tx.experiments.setState({
    ...{ id: experiment.id, state: "switching", modeIndex },
    reason: modeText(experiment, modeIndex),
    deadlineMs: nowMs + SWITCHING_MS,
  });
}

/** Moves the experiment on to restoring its hosts. */
export async function restore(
  tx: Transaction,
  experiment: ExperimentRecord,
  {
    outcome,
    failure,
    nowMs,
  }: Pick<Extract<ExperimentAction, { kind: "restore" }>, "outcome" | "failure"> & {
    readonly nowMs: number;
  },
): Promise<void> {
  await tx.experiments.setState({
    ...{ id: experiment.id, state: "restoring", outcome },
    reason: failure?.message ?? "every mode was measured",
    deadlineMs: nowMs + RESTORING_MS,
    ...(failure !== undefined && { failure }),
  });
}

async function removeVm(
  parts: ExperimentParts,
  tx: Transaction,
  { experiment, vm }: { readonly experiment: ExperimentRecord; readonly vm: VmId },
): Promise<void> {
  const host = pairOf(experiment).find((paired) => paired.vm === vm)?.host;
  const [status] = (await tx.experiments.listHosts(experiment.id)).filter(
    (each) => each.host === host,
  );
  if (status !== undefined) {
    await tx.experiments.setHosts(experiment.id, [{ host: status.host, tries: status.tries + 1 }]);
  }
  try {
    await deleteVm(parts, tx, { id: vm, etag: "" });
  } catch (error) {
    if (!(error instanceof SwitchyardError) || status === undefined) throw error;
    await tx.experiments.setHosts(experiment.id, [
      { host: status.host, failure: failureOf(error) },
    ]);
  }
}

/** Hosts that were not brought back make the experiment a failed one, whatever it measured. */
async function end(tx: Transaction, experiment: ExperimentRecord): Promise<void> {
  const { id, outcome = "failed", stateReason, failure: known } = experiment;
  const left = (await tx.experiments.listHosts(id)).find(({ failure }) => failure !== undefined);
  const failure = known ?? left?.failure;
  await tx.experiments.setState({
    id,
    state: left === undefined ? outcome : "failed",
    reason: left?.failure?.message ?? known?.message ?? stateReason,
    ...(failure !== undefined && { failure }),
  });
}

/** Does what is done in the transaction. */
async function follow(
  parts: ExperimentParts,
  tx: Transaction,
  {
    experiment,
    action,
  }: { readonly experiment: ExperimentRecord; readonly action: ExperimentAction },
): Promise<OutsideAction | undefined> {
  const { id } = experiment;
  const nowMs = parts.clock.nowMs();
  switch (action.kind) {
    case "begin-host":
    case "place-vms":
    case "measure-baseline":
    case "measure-round":
      return action;
    case "host-done":
      await tx.experiments.setHosts(id, [{ host: action.host, isDone: true, failure: undefined }]);
      return undefined;
    case "delete-vm":
      await removeVm(parts, tx, { experiment, vm: action.vm });
      return undefined;
    case "enter":
      await enter(tx, experiment, { state: action.state, nowMs });
      return undefined;
    case "next-mode":
      await nextMode(tx, experiment, nowMs);
      return undefined;
    case "restore":
      await restore(tx, experiment, { ...action, nowMs });
      return undefined;
    case "release":
      await tx.experiments.release(id, action.host, action.failure);
      return undefined;
    case "end":
      await end(tx, experiment);
      return undefined;
    default:
      return assertNever(action);
  }
}

/**
 * Takes an experiment one step on, in one transaction; undefined where another controller has it, or it has
 * ended.
 */
export async function advance(
  parts: ExperimentParts,
  tx: Transaction,
  id: ExperimentId,
): Promise<Advanced | undefined> {
  const experiment = await tx.experiments.take(id, { holder: parts.holder, holdMs: HOLD_MS });
  if (experiment === undefined) return undefined;
  // Hosts that seem lost are none while the fleet is frozen, and nothing is begun by itself.
  if ((await parts.brake.find(tx)) !== undefined)
    return { experiment, outside: [], isMoved: false };
  const decision = decideExperiment(await viewOf(tx, experiment), parts.clock.nowMs());
  const traced = tx.inTrace(experiment.traceparent);
  const outside: OutsideAction[] = [];
  for (const action of decision.actions) {
    const left = await follow(parts, traced, { experiment, action });
    if (left !== undefined) outside.push(left);
  }
  return { experiment, outside, isMoved: decision.actions.length > outside.length };
}
