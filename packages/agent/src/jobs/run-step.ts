import type { StepKind } from "@switchyard/model";
import { digestOf, HostError, isOutcomeUnknown, type Step } from "@switchyard/model";
import type { Executor, StepContext } from "../executors/executor.ts";
import type { StepOutcome } from "../ledger/records.ts";
import { awaitPath, confirmStep, isGuarded, refuseLostPath } from "./guarded-step.ts";
import { bind, contextOf, forgetMoved, type JobRun, reachStep } from "./job-run.ts";
import { beforeReboot, hasBootedSince } from "./run-reboot.ts";

/** Looks at the host after a step whose outcome is unknown, before a person is asked. */
const PROBES_MAX = 3;
const PROBE_PAUSE_MS = 2_000;
/** Tries of a change whose outcome was unknown and which turned out not to be made. */
const APPLIES_MAX = 2;

/** Whether a step changed the host now; `done-before`: it was done in this boot already, and not looked at. */
export type StepEnd = "done-before" | "unchanged" | "changed";

/** A step whose outcome nobody can tell. */
export class OutcomeUnknownError extends HostError {
  constructor(step: Step, cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    super(
      "STEP_OUTCOME_UNKNOWN",
      `whether "${step.title}" was done can't be told`,
      { found: said, try: "Look at the host, then plan again" },
      { cause },
    );
  }
}

type Ensure = Extract<Executor<StepKind>, { kind: "ensure" }>;
type Reboot = Extract<Executor<StepKind>, { kind: "reboot" }>;

interface Change {
  readonly run: JobRun;
  readonly step: Step;
  readonly looking: StepContext;
  readonly changing: StepContext;
  readonly executor: Ensure;
  readonly args: never;
}

/**
 * Does one step, or the rest of one that a crash cut short:
 *
 * ```
 * probe --satisfied--> DONE (unchanged)
 *   '--> INTENT, fsync --> change --> read back --> DONE, fsync
 * ```
 *
 * A guarded step needs an answer of the bus before its INTENT, and another before its DONE.
 *
 * An INTENT without DONE is probed: satisfied is DONE, otherwise the change is made again. A step done in
 * an earlier boot is probed as well, because kernel and NIC forget, unless it is one that lasts.
 *
 * @throws OutcomeUnknownError; whatever the executor throws
 */
export async function runStep(run: JobRun, step: Step): Promise<StepEnd> {
  const entry = run.journal.entry().steps.get(step.id);
  const { executor, args } = bind(step);
  const isLasting =
    executor.kind === "reboot" || (executor.kind === "ensure" && executor.isLasting);
  if (entry?.outcome !== undefined && (isLasting || entry.outcome.bootId === run.bootId)) {
    return "done-before";
  }
  const looking = contextOf(run, step, "look");
  const changing = contextOf(run, step, "change");
  if (executor.kind === "observe") {
    await finish(run, step, { changed: false, ...(await executor.observe(changing, args)) });
    return "unchanged";
  }
  if (executor.kind === "reboot") {
    await reboot(run, step, executor);
    return "changed";
  }
  const change: Change = { run, step, looking, changing, executor, args };
  const hasStarted = entry?.intent !== undefined;
  await reachStep(run, step, "before-intent");
  const { state, isSatisfied } = hasStarted
    ? await probeSurely(change)
    : await executor.probe(looking, args);
  const isHeld = isGuarded(step);
  if (isSatisfied) {
    if (hasStarted && isHeld) await confirmStep(run, step);
    await finish(run, step, { changed: hasStarted });
    return hasStarted ? "changed" : "unchanged";
  }
  if (isHeld) await awaitPath(run, step);
  if (!hasStarted) await begin(run, step, state);
  await reachStep(run, step, "after-intent");
  await applySurely(change, state).catch(async (error: unknown) => {
    if (isHeld && error instanceof OutcomeUnknownError) await refuseLostPath(run, step);
    throw error;
  });
  await reachStep(run, step, "after-effect");
  if (isHeld) await confirmStep(run, step);
  await finish(run, step, { changed: true });
  await reachStep(run, step, "after-done");
  return "changed";
}

/**
 * Boots the machine, once, however often the agent is started meanwhile:
 *
 * ```
 * INTENT with the boot id, fsync --> request .. machine boots .. --> verify --> DONE
 * ```
 *
 * An INTENT of the boot that still runs was not followed by one: it is asked for again.
 */
async function reboot(run: JobRun, step: Step, executor: Reboot): Promise<void> {
  const { args } = bind(step);
  const before = run.journal.entry().steps.get(step.id)?.intent?.before;
  const context = contextOf(run, step, "change");
  if (before === undefined || !hasBootedSince(run, before)) {
    await reachStep(run, step, "before-intent");
    if (before === undefined) await begin(run, step, beforeReboot(run));
    await reachStep(run, step, "after-intent");
    await executor.request(context, args);
  }
  run.topology.forget();
  await executor.verify(context, args);
  await reachStep(run, step, "after-effect");
  await finish(run, step, { changed: true });
  await reachStep(run, step, "after-done");
}

async function begin(run: JobRun, step: Step, before: unknown): Promise<void> {
  const { id, epoch } = run.journal.entry().job;
  const inputDigest = digestOf(step.arguments);
  await run.journal.commit(
    [
      {
        ...{ kind: "intent", job: id, step: step.id, epoch, inputDigest, before },
        ...(isGuarded(step) && { isArmed: true }),
      },
    ],
    startedEvent(run, step),
  );
}

/** What changed nothing may be written with the next record: after a crash it is looked at again. */
async function finish(run: JobRun, step: Step, outcome: Omit<StepOutcome, "bootId">) {
  const { id } = run.journal.entry().job;
  const { changed } = outcome;
  const hasStarted = run.journal.entry().steps.get(step.id)?.intent !== undefined;
  const done = {
    kind: "done",
    job: id,
    step: step.id,
    outcome: { ...outcome, bootId: run.bootId },
  } as const;
  const finished = { kind: "step-finished", step: step.id, changed } as const;
  if (hasStarted) {
    await run.journal.commit([done], finished);
    return;
  }
  run.journal.note([done], startedEvent(run, step), finished);
}

function startedEvent(run: JobRun, step: Step) {
  const span = run.observed.spanOf(step.id);
  const { id, title } = step;
  return { kind: "step-started", step: id, title, ...(span !== undefined && { span }) } as const;
}

/** Changes and reads back; an unknown outcome is observed before anything is tried again. */
async function applySurely(change: Change, found: unknown): Promise<void> {
  let state = found;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await applyOnce(change, state);
      return;
    } catch (error) {
      if (change.run.signal.aborted || !isOutcomeUnknown(error)) throw error;
      change.changing.say(`"${change.step.title}" did not answer; looking at the host`);
      change.run.topology.forget();
      const seen = await probeSurely(change);
      if (seen.isSatisfied) return;
      if (attempt >= APPLIES_MAX) throw error;
      state = seen.state;
    }
  }
}

async function applyOnce(change: Change, state: unknown): Promise<void> {
  const { run, step, looking, changing, executor, args } = change;
  await executor.apply(changing, args, state);
  forgetMoved(run, executor);
  const after = await executor.probe(looking, args);
  if (after.isSatisfied) return;
  throw new HostError(executor.failure, `"${step.title}" was accepted and does not show`, {
    found: JSON.stringify(after.state),
    needs: JSON.stringify(step.arguments),
  });
}

/** @throws OutcomeUnknownError when looking at the host fails again and again */
async function probeSurely({ run, step, looking, executor, args }: Change) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await executor.probe(looking, args);
    } catch (error) {
      if (run.signal.aborted || executor.isHarmless) throw error;
      if (attempt >= PROBES_MAX) throw new OutcomeUnknownError(step, error);
      run.topology.forget();
      await run.clock.sleep(PROBE_PAUSE_MS, run.signal);
    }
  }
}
