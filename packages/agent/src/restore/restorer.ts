import {
  type Finding,
  type HostId,
  type HostPlan,
  type JobId,
  type PlanId,
  REASONS,
  RESTORE_TITLES_MAX,
  RESTORES_PER_BOOT_MAX,
  type Reason,
  type RestoreReport,
  type RestoreState,
} from "@switchyard/model";
import { isBlocked, planRestore, restorableWish } from "@switchyard/planner";
import { newUuid, type Random } from "@switchyard/runtime";
import { createJobJournal } from "../jobs/job-journal.ts";
import { unobserved } from "../jobs/job-observer.ts";
import type { RunnerParts } from "../jobs/job-run.ts";
import { createKeyedLocks } from "../jobs/keyed-locks.ts";
import { type RunEnd, runJob } from "../jobs/run-job.ts";
import { createTopology } from "../jobs/topology.ts";
import type { Applied, JobEntry } from "../ledger/entries.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { acceptedEntry, type LedgerState } from "../ledger/state.ts";
import type { ManagementPath } from "../management/management-path.ts";
import { noSnapshots } from "../snapshots/recorder.ts";

export interface RestorerParts extends Omit<RunnerParts, "managementPath"> {
  readonly ledger: Ledger;
  readonly random: Random;
  readonly hostId: HostId;
  readonly bootId: string;
}

/** After a boot the NIC's driver may still be at work when the agent is up; longer means it won't come. */
const SETTLE_MS = 60_000;
const SETTLE_POLL_MS = 2_000;
/** Between a run that failed and the next one. */
const RETRY_PAUSE_MS = 5_000;
/** The bus may be away, and no step of a restore waits for it. */
const NOBODY_TO_ASK: ManagementPath = {
  deadManMs: 0,
  waitBeforeMs: 0,
  peerAddresses: [],
  confirm: async () => undefined,
};
/** Nobody sends it, so that nobody can send it late. */
const NO_EXPIRY_MS = 0;

/**
 * Makes again, once after each boot, what the boot took away of the datapath that was last applied. Nothing
 * else may be at work on the host meanwhile. May run twice, and after a crash goes on where the ledger says.
 *
 * @returns undefined when nothing is due, or when told to stop before the end
 * @throws HostError LEDGER_FULL, LEDGER_CORRUPT, FILE_ACCESS_FAILED
 */
export async function restoreDatapath(
  parts: RestorerParts,
  stopping: AbortSignal,
): Promise<RestoreReport | undefined> {
  const applied = findDue(parts);
  const report = applied && (await restore(parts, applied, stopping));
  if (report !== undefined) await parts.ledger.append([{ kind: "restored", report }]);
  return report;
}

/** What was done about the boot that runs; undefined where nothing was. */
export const restoreOfBoot = ({ restore: report }: LedgerState, bootId: string) =>
  report?.bootId === bootId ? report : undefined;

/** A job that goes on by itself after the boot brings the host where it shall be, and not back. */
function findDue({ ledger, bootId }: RestorerParts): Applied | undefined {
  const { state } = ledger;
  if (ledger.trouble === "LEDGER_CORRUPT" || state.applied === undefined) return undefined;
  const isBusy = [...state.jobs()].some(
    ({ hasEnded, isLocal, job }) => !hasEnded && !isLocal && job.spec.kind === "apply-host",
  );
  if (isBusy) return undefined;
  return state.applied.bootId === bootId && findUnfinished(ledger) === undefined
    ? undefined
    : state.applied;
}

const findUnfinished = ({ state }: Ledger): JobEntry | undefined =>
  [...state.jobs()].find(({ isLocal, hasEnded }) => isLocal && !hasEnded);

const runsInThisBoot = ({ ledger, bootId }: RestorerParts): readonly JobEntry[] =>
  [...ledger.state.jobs()].filter(({ isLocal, boots }) => isLocal && boots.includes(bootId));

/**
 * ```
 * unfinished run --> look --> nothing missing --> intact | restored
 *                     ^ '--> not by additions alone --> refused
 *                     |  '--> run of steps --> needs-operator --> failed
 *                     '----------' at most RESTORES_PER_BOOT_MAX, then failed
 * ```
 */
async function restore(
  parts: RestorerParts,
  applied: Applied,
  stopping: AbortSignal,
): Promise<RestoreReport | undefined> {
  try {
    const unfinished = findUnfinished(parts.ledger);
    if (unfinished !== undefined) {
      if ((await runOn(parts, unfinished, stopping)) === "paused") return undefined;
    }
    return await restoreBySteps(parts, applied, stopping);
  } catch (error) {
    if (stopping.aborted) return undefined;
    // A ledger that broke says so with the report that is then appended.
    parts.log.warn({ err: error }, "what the boot took away could not be made again");
    const found = error instanceof Error ? error.message : String(error);
    return conclude(parts, "failed", finding(parts, "RESTORE_FAILED", found));
  }
}

async function restoreBySteps(
  parts: RestorerParts,
  applied: Applied,
  stopping: AbortSignal,
): Promise<RestoreReport | undefined> {
  for (;;) {
    if (stopping.aborted) return undefined;
    const plan = await settledPlan(parts, applied, stopping);
    const runs = runsInThisBoot(parts);
    const stuck = runs.find((entry) => endOf(entry)?.state === "needs-operator");
    if (stuck !== undefined) return conclude(parts, "failed", runFailed(parts, stuck));
    const [blocking] = plan.findings.filter(({ severity }) => severity === "error");
    if (isBlocked(plan)) return conclude(parts, "refused", blocking);
    if (plan.steps.length === 0) return conclude(parts, runs.length > 0 ? "restored" : "intact");
    const last = runs.at(-1);
    if (runs.length >= RESTORES_PER_BOOT_MAX) {
      return conclude(parts, "failed", runFailed(parts, last, plan));
    }
    if (last !== undefined && endOf(last)?.state !== "succeeded") {
      await parts.clock.sleep(RETRY_PAUSE_MS, stopping);
    }
    const entry = await begin(parts, applied, plan);
    if ((await runOn(parts, entry, stopping)) === "paused") return undefined;
  }
}

/** The plan on the host once its NICs have had time to come up. */
async function settledPlan(
  parts: RestorerParts,
  applied: Applied,
  stopping: AbortSignal,
): Promise<HostPlan> {
  const deadlineMs = parts.clock.monotonicMs() + SETTLE_MS;
  for (;;) {
    const plan = planRestore(applied, await parts.read.inventory());
    const isComing = plan.findings.some(({ reason }) => reason === "HARDWARE_CHANGED");
    if (!isComing || stopping.aborted || parts.clock.monotonicMs() >= deadlineMs) return plan;
    await parts.clock.sleep(SETTLE_POLL_MS, stopping);
  }
}

/** A job of the host's own, journaled as any other. */
async function begin(parts: RestorerParts, applied: Applied, plan: HostPlan): Promise<JobEntry> {
  const { ledger, clock, random, hostId, bootId } = parts;
  const id = newUuid(clock, random);
  const desired = restorableWish(applied.desired);
  const spec = {
    kind: "apply-host",
    plan: id as PlanId,
    desired,
    planDigest: plan.digest,
  } as const;
  const job = { id: id as JobId, host: hostId, spec, epoch: 1 };
  const record = {
    ...({ kind: "job", isLocal: true } as const),
    ...{ job, bootId, expireAtMs: NO_EXPIRY_MS },
  };
  await ledger.append([record]);
  return acceptedEntry([record], job.id);
}

function runOn(parts: RestorerParts, entry: JobEntry, stopping: AbortSignal): Promise<RunEnd> {
  const { ledger, clock, hostId } = parts;
  const journal = createJobJournal(
    { host: hostId, ledger, clock, onEvents: () => undefined },
    entry,
  );
  const topology = createTopology(parts.read);
  // Snapshots are asked for by job, and no controller knows this one.
  const snapshots = noSnapshots;
  const locks = createKeyedLocks();
  const run = {
    ...parts,
    journal,
    topology,
    snapshots,
    locks,
    observed: unobserved,
    signal: stopping,
  };
  return runJob({ ...run, managementPath: NOBODY_TO_ASK }, () => stopping.aborted);
}

function endOf({ events }: JobEntry) {
  const body = events.at(-1)?.body;
  return body?.kind === "ended" ? body : undefined;
}

function runFailed(parts: RestorerParts, entry: JobEntry | undefined, plan?: HostPlan): Finding {
  const end = entry && endOf(entry);
  const { failure, result } = end ?? {};
  const rest = plan?.steps.map(({ title }) => title).join("; ") ?? "";
  const said = [failure?.message, failure?.metadata["found"], result?.leftState].filter(Boolean);
  const found = said.length === 0 ? `still to be done: ${rest}` : said.join("; ");
  return finding(
    parts,
    "RESTORE_FAILED",
    failure === undefined ? found : `${failure.reason}: ${found}`,
  );
}

const finding = ({ hostId }: RestorerParts, reason: Reason, found: string): Finding => ({
  reason,
  severity: "error",
  message: `${hostId} did not get back its datapath after the boot`,
  found,
  needs: "the datapath that was last applied",
  fix: REASONS[reason].fix,
});

function conclude(parts: RestorerParts, state: RestoreState, found?: Finding): RestoreReport {
  const runs = runsInThisBoot(parts);
  const changed = runs.flatMap(changedTitles).slice(0, RESTORE_TITLES_MAX);
  const atMs = parts.clock.nowMs();
  return { bootId: parts.bootId, state, atMs, runCount: runs.length, changed, finding: found };
}

const changedTitles = ({ plan = [], steps }: JobEntry): readonly string[] =>
  plan
    .filter(({ id }) => {
      const step = steps.get(id);
      return step?.outcome?.changed === true && step.isUndone !== true;
    })
    .map(({ title }) => title);
