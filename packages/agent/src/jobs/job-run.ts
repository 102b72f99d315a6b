import type { AgentBus, HostKey } from "@switchyard/bus";
import type { BmcSettings, Host } from "@switchyard/host";
import { DispatchError, type Step, type StepKind } from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";
import type { Executor, StepContext } from "../executors/executor.ts";
import { EXECUTORS } from "../executors/executors.ts";
import type { ManagementPath } from "../management/management-path.ts";
import type { SnapshotRecorder } from "../snapshots/recorder.ts";
import type { CrashPhase, CrashPoint } from "./crash-point.ts";
import type { JobJournal } from "./job-journal.ts";
import type { ObservedJob } from "./job-observer.ts";
import type { KeyedLocks } from "./keyed-locks.ts";
import { createRecordingHost } from "./recording-host.ts";
import type { HostReaders, JobTopology } from "./topology.ts";

/** Longest log line of a job. */
const LINE_LENGTH_MAX = 2048;

/** What all jobs of an agent run on. */
export interface RunnerParts {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly crash: CrashPoint;
  readonly managementPath: ManagementPath;
  readonly read: HostReaders;
  /** Left out where no bus is there yet: before the host's agent runs, nothing comes from another host. */
  readonly fetchDiskPiece?: AgentBus["fetchDiskPiece"];
  /** Left out as the bus is: no VM goes from here then. */
  readonly unseal?: HostKey["unseal"];
  /** Ends a freeze of the VM's guest; left out where none can be frozen. @throws HostError GUEST_NOT_THAWED */
  readonly thaw?: (vm: string) => Promise<void>;
  /** The BMC as the agent's configuration names it. */
  readonly bmc?: BmcSettings;
}

/** What a step that was made, or taken back, may have made untrue. */
export function forgetMoved(
  { topology }: Pick<JobRun, "topology">,
  { movesDevices, rebindsVfs }: Extract<Executor<StepKind>, { kind: "ensure" }>,
): void {
  if (movesDevices) topology.forget();
  else if (rebindsVfs) topology.forget("drivers");
}

/** One job on its way: what its steps share. */
export interface JobRun extends RunnerParts {
  readonly journal: JobJournal;
  readonly topology: JobTopology;
  readonly snapshots: SnapshotRecorder;
  readonly locks: KeyedLocks;
  readonly observed: ObservedJob;
  readonly bootId: string;
  /** Aborted when the job is cancelled or the agent stops. */
  readonly signal: AbortSignal;
}

/** @param purpose commands that change the host are on disk and published as soon as they have run */
export function contextOf(run: JobRun, step: Step, purpose: "look" | "change"): StepContext {
  const { id, epoch } = run.journal.entry().job;
  const record: StepContext["record"] = (command) => {
    const body = { kind: "command", step: step.id, command } as const;
    run.observed.command(step.id, command);
    if (purpose === "change") run.journal.tell(body);
    else run.journal.mention(body);
  };
  return {
    host: createRecordingHost(run.host, run.clock, record),
    observer: run.host,
    topology: run.topology,
    locks: run.locks,
    clock: run.clock,
    ...(run.bmc !== undefined && { bmc: run.bmc }),
    fetchDiskPiece: run.fetchDiskPiece ?? refuseFetch,
    unseal: run.unseal ?? refuseToUnseal,
    job: id,
    epoch,
    signal: run.signal,
    record,
    say: (line) =>
      run.journal.tell({ kind: "log", step: step.id, line: line.slice(0, LINE_LENGTH_MAX) }),
  };
}

const refuseFetch = (): Promise<never> =>
  Promise.reject(new DispatchError("BUS_UNAVAILABLE", "there is no bus to ask another host over"));

const refuseToUnseal = (): never => {
  throw new DispatchError("BUS_UNAVAILABLE", "the host's key is not there yet");
};

/** A step with its executor, their common kind forgotten; the table's type has checked the pair. */
export interface BoundStep {
  readonly executor: Executor<StepKind>;
  readonly args: never;
}

export const bind = (step: Step): BoundStep => ({
  executor: EXECUTORS[step.kind] as unknown as Executor<StepKind>,
  args: step.arguments as never,
});

export const reachStep = (run: JobRun, step: Step, phase: CrashPhase): Promise<void> =>
  run.crash.reach({ job: run.journal.entry().job.spec.kind, step: step.kind, phase });

export const reachJob = (run: JobRun, phase: CrashPhase): Promise<void> =>
  run.crash.reach({ job: run.journal.entry().job.spec.kind, step: "job", phase });
