import { digestOf, isOutcomeUnknown, type JobKind, type Step } from "@switchyard/model";
import type { StepEntry } from "../ledger/entries.ts";
import { bind, contextOf, forgetMoved, type JobRun, reachStep } from "./job-run.ts";
import { lastReboot } from "./run-reboot.ts";

/**
 * Jobs that go back when they fail. A stopped or deleted VM stays as far as it got, and one that shall leave as
 * stopped: whether it starts here again is for the controller to say.
 */
const UNDOES: Readonly<Record<JobKind, boolean>> = {
  "apply-host": true,
  "start-vm": true,
  "stop-vm": false,
  "reboot-vm": true,
  "delete-vm": false,
  "seal-vm": false,
  "receive-vm": true,
  "await-vm": true,
  "migrate-vm": true,
  "resume-vm": false,
  "keep-vm": false,
  "clear-vm": false,
  "fetch-image": true,
  "fence-host": false,
  "ping-vm": false,
  noop: false,
};

/** How a failed job left its host. */
export interface UndoResult {
  /** In plain words; undefined when nothing had been changed. */
  readonly leftState: string | undefined;
  /** An undo failed: someone must look. */
  readonly isStuck: boolean;
}

/** Steps that changed something, or began to, since the last boot that the job asked for; last first. */
function changedSteps(run: JobRun): readonly Step[] {
  const { plan = [], steps } = run.journal.entry();
  const boot = lastReboot(run);
  const mayHaveChanged = (entry: StepEntry | undefined): boolean =>
    entry?.intent !== undefined && entry.outcome?.changed !== false;
  const sinceBoot = boot === undefined ? plan : plan.slice(plan.indexOf(boot) + 1);
  return sinceBoot
    .filter(({ id, kind }) => kind !== "ensureRebooted" && mayHaveChanged(steps.get(id)))
    .reverse();
}

/**
 * Takes back, last first, what the job changed, where the job's policy and the steps allow it. Stops at
 * the first undo that fails. May run twice: a crash in between continues with the step it was at.
 *
 * @returns "paused" when the agent stops before all is taken back
 */
export async function undoJob(
  run: JobRun,
  isStopping: () => boolean,
): Promise<UndoResult | "paused"> {
  const { job } = run.journal.entry();
  const steps = changedSteps(run);
  if (steps.length === 0) return { leftState: undefined, isStuck: false };
  if (!UNDOES[job.spec.kind]) {
    return { leftState: describe({ kept: steps, undone: [] }), isStuck: false };
  }
  const undone: Step[] = [];
  for (const step of steps) {
    if (!canUndo(step)) continue;
    if (isStopping()) return "paused";
    const trouble = await run.observed.undo(step, () => undoStep(run, step));
    if (trouble !== undefined) {
      const kept = steps.filter((each) => !undone.includes(each));
      return { leftState: describe({ kept, undone, failed: step, trouble }), isStuck: true };
    }
    undone.push(step);
  }
  const kept = await stillChanged(
    run,
    steps.filter((step) => !undone.includes(step)),
  );
  return { leftState: describe({ kept, undone }), isStuck: false };
}

async function stillChanged(run: JobRun, steps: readonly Step[]): Promise<readonly Step[]> {
  const changed: Step[] = [];
  for (const step of steps) if (!(await isAsFound(run, step))) changed.push(step);
  return changed;
}

/** Whether a step that failed left things as it found them; what can't be told counts as changed. */
async function isAsFound(run: JobRun, step: Step): Promise<boolean> {
  const entry = run.journal.entry().steps.get(step.id);
  const { executor, args } = bind(step);
  if (entry?.outcome !== undefined || executor.kind !== "ensure") return false;
  try {
    const { state } = await executor.probe(contextOf(run, step, "look"), args);
    return digestOf(state) === digestOf(entry?.intent?.before);
  } catch (error) {
    run.log.warn({ err: error, step: step.id }, "a failed step could not be looked at");
    return false;
  }
}

/** Whether the step may be taken back, and its executor knows how. */
export function canUndo(step: Step): boolean {
  const { executor } = bind(step);
  return step.isReversible && executor.kind === "ensure" && executor.undo !== undefined;
}

/** @returns what went wrong, in words */
async function undoStep(run: JobRun, step: Step): Promise<string | undefined> {
  const { journal } = run;
  const { id } = journal.entry().job;
  const entry = journal.entry().steps.get(step.id);
  if (entry?.isUndone) return undefined;
  if (entry?.isUndone === undefined) {
    await journal.commit([{ kind: "undo", job: id, step: step.id, isUndone: false }]);
  }
  const trouble = await tryUndo(run, step, entry?.intent?.before);
  if (trouble !== undefined) return trouble;
  await reachStep(run, step, "after-undo");
  await journal.commit([{ kind: "undo", job: id, step: step.id, isUndone: true }], {
    kind: "step-undone",
    step: step.id,
  });
  return undefined;
}

/** An undo reads before it changes, so that one whose outcome is unknown may simply be made once more. */
async function tryUndo(run: JobRun, step: Step, before: unknown): Promise<string | undefined> {
  const { executor, args } = bind(step);
  if (executor.kind !== "ensure" || executor.undo === undefined) return undefined;
  const context = contextOf(run, step, "change");
  for (let attempt = 1; ; attempt += 1) {
    try {
      await executor.undo(context, args, before);
      forgetMoved(run, executor);
      return undefined;
    } catch (error) {
      run.log.warn({ err: error, step: step.id }, "a step could not be taken back");
      run.topology.forget();
      if (attempt === 1 && isOutcomeUnknown(error)) continue;
      return error instanceof Error ? error.message : String(error);
    }
  }
}

const list = (steps: readonly Step[]): string => steps.map(({ title }) => title).join("; ");

function describe(left: {
  readonly kept: readonly Step[];
  readonly undone: readonly Step[];
  readonly failed?: Step;
  readonly trouble?: string;
}): string {
  const { kept, undone, failed, trouble } = left;
  if (kept.length === 0) return "As it was found: every change was taken back.";
  const sentences = [
    failed && `Taking back "${failed.title}" failed: ${trouble}.`,
    `Still in effect: ${list([...kept].reverse())}.`,
    undone.length > 0 && `Taken back: ${list(undone)}.`,
  ];
  return sentences.filter((sentence) => typeof sentence === "string").join(" ");
}
