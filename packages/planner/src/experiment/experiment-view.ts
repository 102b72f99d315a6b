import type {
  ExperimentOutcome,
  ExperimentState,
  HostId,
  JobFailure,
  VmId,
  VmState,
} from "@switchyard/model";

/** A host of an experiment, and how far it is towards what the experiment wants of it now. */
export interface ExperimentHostView {
  readonly host: HostId;
  readonly isLost: boolean;
  /** An exclusive job that is not the experiment's is at work on it. */
  readonly isBusy: boolean;
  readonly job: "none" | "working" | "succeeded" | "failed";
  /** Why the last try failed; undefined while none has. */
  readonly failure: JobFailure | undefined;
  readonly tries: number;
  readonly isDone: boolean;
  readonly isReleased: boolean;
}

/** One of the pair. */
export interface ExperimentVmView {
  readonly vm: VmId;
  readonly host: HostId;
  /** Undefined where there is none of this name. */
  readonly state: VmState | undefined;
  readonly failure: JobFailure | undefined;
}

/** An experiment as its next step is decided from. */
export interface ExperimentView {
  readonly state: ExperimentState;
  readonly outcome: ExperimentOutcome | undefined;
  readonly modeIndex: number;
  readonly modeCount: number;
  readonly roundCount: number;
  readonly deadlineMs: number;
  readonly hosts: readonly ExperimentHostView[];
  readonly vms: readonly ExperimentVmView[];
  /** Of the mode under way. */
  readonly hasBaseline: boolean;
  /** Of the mode under way. */
  readonly roundsDone: number;
}
