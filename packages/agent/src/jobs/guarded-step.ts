import { DispatchError, type GuardOutcome, HostError, type Step } from "@switchyard/model";
import { describePath } from "../management/path-evidence.ts";
import type { JobRun } from "./job-run.ts";
import { canUndo } from "./undo-job.ts";

/** Whether the dead-man holds the step: it may cut the management path, and it can be taken back. */
export const isGuarded = (step: Step): boolean => step.guard !== undefined && canUndo(step);

/**
 * Waits, bounded, for the bus to answer before a guarded step begins: without that its silence afterwards
 * would say nothing about the step.
 *
 * @throws HostError MANAGEMENT_PATH_UNCONFIRMED; DispatchError JOB_CANCELLED
 */
export async function awaitPath(run: JobRun, step: Step): Promise<void> {
  const { managementPath: path, signal } = run;
  if ((await path.confirm(path.waitBeforeMs, signal)) !== undefined) return;
  refuseAborted(signal);
  throw new HostError(
    "MANAGEMENT_PATH_UNCONFIRMED",
    `"${step.title}" was not begun: the bus did not answer before it`,
    {
      found: await describePath(run.host, run.managementPath),
      needs: `an answer of the bus within ${seconds(path.waitBeforeMs)}`,
    },
  );
}

/**
 * Lets a guarded step count as done once the bus answers.
 *
 * @throws HostError MANAGEMENT_PATH_LOST when it does not in time; DispatchError JOB_CANCELLED
 */
export async function confirmStep(run: JobRun, step: Step): Promise<void> {
  const { managementPath: path, signal } = run;
  const confirmation = await path.confirm(path.deadManMs, signal);
  if (confirmation !== undefined) {
    const detail = `the bus answered after ${Math.ceil(confirmation.tookMs)} ms`;
    tellGuarded(run, step, "confirmed", detail);
    return;
  }
  refuseAborted(signal);
  throw await pathLost(run, step);
}

/** As `confirmStep`, for a step whose own outcome is not known: only the path is looked at. */
export async function refuseLostPath(run: JobRun, step: Step): Promise<void> {
  const { managementPath: path, signal } = run;
  if ((await path.confirm(path.deadManMs, signal)) !== undefined || signal.aborted) return;
  throw await pathLost(run, step);
}

/** The guarded step that an earlier life of the agent began and did not confirm. */
export function findArmedStep(run: JobRun): Step | undefined {
  const { plan = [], steps } = run.journal.entry();
  return plan.find(({ id }) => {
    const entry = steps.get(id);
    return entry?.intent?.isArmed === true && entry.outcome === undefined;
  });
}

/** Says, after a lost step was taken back, whether that brought the bus back. */
export async function tellRestored(run: JobRun, step: Step): Promise<string | undefined> {
  const { managementPath: path, signal } = run;
  const confirmation = await path.confirm(path.deadManMs, signal);
  if (confirmation !== undefined) {
    tellGuarded(run, step, "restored", "the bus answers again");
    return undefined;
  }
  const found = await describePath(run.host, run.managementPath);
  const detail = `the bus does not answer either now that the step was taken back: ${found}`;
  tellGuarded(run, step, "silent", detail);
  return "The bus did not answer after that either; the step may not be the cause.";
}

async function pathLost(run: JobRun, step: Step): Promise<HostError> {
  const found = await describePath(run.host, run.managementPath);
  const { deadManMs } = run.managementPath;
  tellGuarded(run, step, "lost", `no answer of the bus within ${seconds(deadManMs)}: ${found}`);
  return new HostError(
    "MANAGEMENT_PATH_LOST",
    `after "${step.title}" the host did not reach the bus`,
    { found, needs: `an answer of the bus within ${seconds(deadManMs)}` },
  );
}

const tellGuarded = (run: JobRun, step: Step, outcome: GuardOutcome, detail: string): void =>
  run.journal.note([], { kind: "step-guarded", step: step.id, outcome, detail });

function refuseAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new DispatchError("JOB_CANCELLED", "the job stops while a step waits for the bus");
}

const seconds = (ms: number): string => `${ms / 1000} s`;
