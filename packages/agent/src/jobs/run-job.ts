import {
  assert,
  DispatchError,
  HostError,
  type JobEventBody,
  type JobFailure,
  type JobKind,
  type JobResult,
  type Step,
} from "@switchyard/model";
import { planJob, portsOf, restorableWish } from "@switchyard/planner";
import type { LedgerRecord } from "../ledger/records.ts";
import { failureOf } from "./failure.ts";
import { findArmedStep, refuseLostPath, tellRestored } from "./guarded-step.ts";
import { type JobRun, reachJob } from "./job-run.ts";
import { laneOf } from "./lanes.ts";
import { planAfresh, titles } from "./plan-afresh.ts";
import { countBoot } from "./run-reboot.ts";
import { OutcomeUnknownError, runStep } from "./run-step.ts";
import { undoJob } from "./undo-job.ts";

/** Whether a job that left its run is over, or waits in the ledger for the agent's next start. */
export type RunEnd = "ended" | "paused";

/**
 * Runs a job from where the ledger says it is to its end.
 *
 * ```
 * plan --> step ... step --------------------------> succeeded
 *   |        |--> FAIL --> undo ... undo --> failed | cancelled
 *   '--------|               '--> needs-operator
 *            '--> needs-operator
 * ```
 * step -> FAIL: it failed, or a cancel was seen before the next one. step -> needs-operator: its outcome
 * can't be told, so that neither going on nor going back is safe. undo -> needs-operator: it failed.
 *
 * @throws HostError LEDGER_FULL, FILE_ACCESS_FAILED when the ledger can't be written
 */
export async function runJob(run: JobRun, isStopping: () => boolean): Promise<RunEnd> {
  const failed = run.journal.entry().failure;
  if (failed !== undefined) return await goBack(run, failed, isStopping);
  let at: string | undefined;
  try {
    const armed = findArmedStep(run);
    if (armed !== undefined) {
      at = armed.id;
      await refuseLostPath(run, armed);
    }
    refuseStartOfEarlierBoot(run);
    await thawFirst(run);
    await countBoot(run);
    const steps = await planOf(run);
    if (steps.length > 0) await run.snapshots.begin();
    for (const [index, step] of steps.entries()) {
      if (isStopping()) return "paused";
      refuseCancelled(run);
      at = step.id;
      const stepEnd = await run.observed.step(step, () => runStep(run, step));
      if (stepEnd === "done-before") continue;
      const hasChanged = stepEnd === "changed";
      await run.snapshots.afterStep(step, { number: index + 1, hasChanged });
    }
    at = undefined;
    await refuseRebooted(run);
  } catch (error) {
    if (isStopping()) return "paused";
    return await goWrong(run, { error, step: at }, isStopping);
  }
  return await end(run, { state: "succeeded", leftState: undefined, failure: undefined });
}

/** The plan the ledger has; made now when it has none. */
async function planOf(run: JobRun): Promise<readonly Step[]> {
  const entry = run.journal.entry();
  if (entry.plan !== undefined) return entry.plan;
  refuseCancelled(run);
  const planned = await planAfresh(entry.job.spec, run.topology.inventory);
  const steps = entry.isLocal ? planned.steps.map(unguarded) : planned.steps;
  run.journal.note([], { kind: "planned", steps });
  await reachJob(run, "after-plan");
  return steps;
}

/** The host's own job makes what was there when the host was last in reach, and there is nobody to ask yet. */
const unguarded = ({ guard: _, ...step }: Step): Step => step;

function refuseCancelled(run: JobRun): void {
  if (!run.journal.entry().isCancelled) return;
  throw new DispatchError("JOB_CANCELLED", "the job was cancelled");
}

/** Jobs after which a guest runs, or goes on elsewhere from here. */
const STARTS: readonly JobKind[] = [
  ...(["start-vm", "reboot-vm", "await-vm", "migrate-vm"] as const),
  ...(["resume-vm", "keep-vm"] as const),
];

/**
 * A host that was away may have been fenced, and its VM started elsewhere: a start that was cut short by a boot
 * is taken back, and whoever wants the VM to run here says so again.
 */
function refuseStartOfEarlierBoot(run: JobRun): void {
  const { job, bootId } = run.journal.entry();
  if (!STARTS.includes(job.spec.kind) || bootId === run.bootId) return;
  throw new DispatchError("START_CUT_BY_BOOT", "the host booted while the VM was being started", {
    found: `boot ${run.bootId}`,
    needs: `boot ${bootId}, in which the job was accepted`,
  });
}

/**
 * A job of a VM ends its freeze: it asks the guest for something, or ends it. Where the guest can't be thawed only
 * what would take it frozen to another host is refused.
 */
async function thawFirst(run: JobRun): Promise<void> {
  const { id, spec } = run.journal.entry().job;
  const lane = laneOf(spec);
  if (lane.kind !== "vm" || run.thaw === undefined) return;
  try {
    await run.thaw(lane.vm);
  } catch (error) {
    if (!(error instanceof HostError) || spec.kind === "migrate-vm") throw error;
    run.log.warn({ err: error, job: id, vm: lane.vm }, "a job goes on with a guest that is frozen");
  }
}

/** After a boot a host lacks more than the plan's steps gave it: what was there before the job is gone too. */
async function refuseRebooted(run: JobRun): Promise<void> {
  const { job, bootId } = run.journal.entry();
  if (job.spec.kind !== "apply-host" || bootId === run.bootId) return;
  const { reboot: _, ...desired } = job.spec.desired;
  const rest = planJob({ ...job.spec, desired }, await run.topology.inventory());
  if (rest.steps.length === 0) return;
  throw new DispatchError("PLAN_STALE", "the host booted while the plan was applied", {
    found: `still to be done: ${titles(rest)}`,
    try: "Create a new plan",
  });
}

async function goWrong(
  run: JobRun,
  wrong: { readonly error: unknown; readonly step: string | undefined },
  isStopping: () => boolean,
): Promise<RunEnd> {
  const { error, step } = wrong;
  const { id, epoch, spec } = run.journal.entry().job;
  run.log.warn({ err: error, job: id, epoch, kind: spec.kind, step }, "a job failed");
  const { isCancelled } = run.journal.entry();
  const cancelled = new DispatchError("JOB_CANCELLED", "the job was cancelled");
  const failure = failureOf(isCancelled && run.signal.aborted ? cancelled : error, step);
  const untold = whyNotBack(error, step);
  if (untold === undefined) {
    await run.journal.commit([{ kind: "fail", job: id, failure }]);
    await run.snapshots.failed(step);
    return await goBack(run, failure, isStopping);
  }
  await run.snapshots.failed(step);
  const leftState = `${untold}; nothing was taken back.`;
  return await end(run, { state: "needs-operator", leftState, failure });
}

/** What makes going back as unsafe as going on: a person must look first. */
function whyNotBack(error: unknown, step: string | undefined): string | undefined {
  if (error instanceof OutcomeUnknownError) return `"${step}" may or may not have been done`;
  const isLooping = error instanceof HostError && error.reason === "REBOOT_BUDGET_SPENT";
  return isLooping ? "What makes the host boot again and again is not known" : undefined;
}

async function goBack(
  run: JobRun,
  failure: JobFailure,
  isStopping: () => boolean,
): Promise<RunEnd> {
  run.topology.forget();
  // A cancel has aborted the job's own signal; what takes back has waits of its own that must not end.
  const back: JobRun = { ...run, signal: new AbortController().signal };
  const undone = await undoJob(back, isStopping);
  if (undone === "paused") return "paused";
  const { isStuck } = undone;
  const lost = lostStep(run, failure);
  const silence = lost === undefined ? undefined : await tellRestored(back, lost);
  const leftState = silence === undefined ? undone.leftState : `${undone.leftState} ${silence}`;
  const isCancelled = failure.reason === "JOB_CANCELLED";
  const state = isStuck ? "needs-operator" : isCancelled ? "cancelled" : "failed";
  return await end(run, { state, leftState, failure });
}

/** The step after which the bus fell silent. */
const lostStep = (run: JobRun, { reason, step }: JobFailure): Step | undefined =>
  reason === "MANAGEMENT_PATH_LOST"
    ? run.journal.entry().plan?.find(({ id }) => id === step)
    : undefined;

interface Ending {
  readonly state: Extract<JobEventBody, { kind: "ended" }>["state"];
  readonly leftState: string | undefined;
  readonly failure: JobFailure | undefined;
}

async function end(run: JobRun, ending: Ending): Promise<RunEnd> {
  const { state, leftState, failure } = ending;
  const { job, hasEnded } = run.journal.entry();
  assert(!hasEnded, `job ${job.id} ends twice`);
  await run.snapshots.end(state === "succeeded");
  await reachJob(run, "before-end");
  const result: JobResult = { ...tally(run), leftState };
  const kept = [...forgotten(run, state), ...(await appliedRecords(run, state))];
  await run.journal.commit([{ kind: "end", job: job.id }, ...kept], {
    kind: "ended",
    state,
    result,
    failure,
  });
  run.observed.ended(state, failure);
  await reachJob(run, "after-end");
  return "ended";
}

function tally(run: JobRun): Omit<JobResult, "leftState"> {
  const { steps } = run.journal.entry();
  const outcomes = run.journal.outcomes();
  const kept = outcomes.filter(
    ({ step, outcome }) => outcome.changed && !steps.get(step)?.isUndone,
  );
  const ping = outcomes.map(({ outcome }) => outcome.ping).find((each) => each !== undefined);
  const disk = outcomes.map(({ outcome }) => outcome.disk).find((each) => each !== undefined);
  const migration = outcomes.find(({ outcome }) => outcome.migration !== undefined)?.outcome
    .migration;
  return {
    ...{ changedSteps: kept.length, ping },
    ...(disk !== undefined && { disk }),
    ...(migration !== undefined && { migration }),
  };
}

/**
 * What the host makes again by itself after a boot. A job that was taken back leaves the host with what was
 * kept before; one that got stuck leaves it in a state that nobody may build upon.
 */
async function appliedRecords(
  run: JobRun,
  state: Ending["state"],
): Promise<readonly LedgerRecord[]> {
  const { job, isLocal } = run.journal.entry();
  if (job.spec.kind !== "apply-host" || isLocal) return [];
  const { bootId } = run;
  if (state === "needs-operator") return [{ kind: "applied", bootId, applied: undefined }];
  if (state !== "succeeded") return [];
  const { desired } = job.spec;
  try {
    const ports = portsOf(desired, await run.topology.current());
    return [{ kind: "applied", bootId, applied: { desired: restorableWish(desired), ports } }];
  } catch (error) {
    run.log.warn({ err: error, job: job.id }, "the datapath's ports could not be read to be kept");
    return [{ kind: "applied", bootId, applied: undefined }];
  }
}

/** A VM's name may be given anew once it is deleted, and its generations then begin again. */
function forgotten(run: JobRun, state: Ending["state"]): readonly LedgerRecord[] {
  const { spec } = run.journal.entry().job;
  if (spec.kind !== "delete-vm" || state !== "succeeded") return [];
  const generations = { [`vm/${spec.vm.vm}`]: 0 };
  return [{ kind: "seen", hostEpoch: 0, generations, expiryFloorMs: 0 }];
}
