import type {
  EnvironmentOfHost,
  ExperimentId,
  ExperimentMode,
  ExperimentOutcome,
  ExperimentRound,
  ExperimentSpec,
  ExperimentState,
  HostId,
  HostKind,
  JobFailure,
  JobId,
  JobState,
  ModeBaseline,
  RoundOutput,
} from "@switchyard/model";
import type { HostState } from "../hosts/host-record.ts";
import type { Page, PageRequest } from "../page.ts";

export interface ExperimentRecord {
  readonly id: ExperimentId;
  readonly uid: string;
  readonly etag: string;
  readonly createdAtMs: number;
  readonly actor: string;
  /** W3C `traceparent` of what asked for it; its jobs are of that trace. Empty: of none. */
  readonly traceparent: string;
  readonly spec: ExperimentSpec;
  readonly ground: HostKind;
  /** 0 to 2^32 - 1. */
  readonly seed: number;
  readonly modeOrder: readonly ExperimentMode[];
  /** Into `modeOrder`. */
  readonly modeIndex: number;
  readonly state: ExperimentState;
  readonly stateReason: string;
  readonly deadlineMs: number;
  /** What it will end as, once its hosts are restored; undefined while it goes on. */
  readonly outcome: ExperimentOutcome | undefined;
  readonly failure: JobFailure | undefined;
  readonly environment: readonly EnvironmentOfHost[];
  readonly baselines: Readonly<Partial<Record<ExperimentMode, ModeBaseline>>>;
  /** Of all modes. */
  readonly roundsDone: number;
  /** By when what a dead controller began in the guests has ended. */
  readonly quietAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

export interface ExperimentHostRecord {
  readonly host: HostId;
  readonly place: number;
  readonly job: JobId | undefined;
  readonly tries: number;
  readonly isDone: boolean;
  readonly isReleased: boolean;
  readonly failure: JobFailure | undefined;
}

/** A host of an experiment with what else decides about it. */
export interface ExperimentHostStatus extends ExperimentHostRecord {
  readonly hostState: HostState;
  /** An exclusive job that is not the experiment's is at work on it. */
  readonly isBusy: boolean;
  readonly jobState: JobState | undefined;
  readonly jobFailure: JobFailure | undefined;
}

export interface ExperimentReads {
  /** @throws StoreError EXPERIMENT_NOT_FOUND */
  get(id: ExperimentId): Promise<ExperimentRecord>;
  find(id: ExperimentId): Promise<ExperimentRecord | undefined>;
  /** Ascending by name. */
  list(page: PageRequest): Promise<Page<ExperimentRecord>>;
  /** Those that have not ended. */
  listLive(): Promise<readonly ExperimentId[]>;
  /** By mode as they were measured, and round. */
  listRounds(id: ExperimentId): Promise<readonly ExperimentRound[]>;
  /** @throws StoreError EXPERIMENT_NOT_FOUND where there is no such round */
  getOutput(id: ExperimentId, round: RoundKey): Promise<RoundOutput>;
  /** By place. */
  listHosts(id: ExperimentId): Promise<readonly ExperimentHostRecord[]>;
}

export interface RoundKey {
  readonly mode: ExperimentMode;
  readonly round: number;
}

export interface ExperimentDraft {
  readonly id: ExperimentId;
  readonly spec: ExperimentSpec;
  readonly ground: HostKind;
  readonly seed: number;
  readonly modeOrder: readonly ExperimentMode[];
  readonly environment: readonly EnvironmentOfHost[];
  readonly deadlineMs: number;
}

/** What is left out stays as it is. */
export interface ExperimentChange {
  readonly id: ExperimentId;
  readonly state: ExperimentState;
  readonly reason: string;
  readonly deadlineMs?: number;
  readonly modeIndex?: number;
  readonly outcome?: ExperimentOutcome;
  readonly failure?: JobFailure;
}

/** What is left out stays as it is. */
export interface ExperimentHostChange {
  readonly host: HostId;
  readonly job?: JobId | undefined;
  readonly tries?: number;
  readonly isDone?: boolean;
  readonly failure?: JobFailure | undefined;
}

export interface ExperimentWrites {
  /**
   * Makes it, and gives it its hosts.
   *
   * @throws StoreError NAME_TAKEN, HOST_NOT_FOUND, HOST_IN_EXPERIMENT
   */
  create(draft: ExperimentDraft): Promise<ExperimentRecord>;
  /**
   * The experiment, locked until the transaction ends and held by `holder` for `holdMs` beyond; undefined where
   * another holds it or it has ended.
   */
  take(
    id: ExperimentId,
    hold: { readonly holder: string; readonly holdMs: number },
  ): Promise<ExperimentRecord | undefined>;
  /** As `take`, whoever holds it, and waits. @throws StoreError EXPERIMENT_NOT_FOUND */
  lock(id: ExperimentId): Promise<ExperimentRecord>;
  /** As `lock`; undefined where another holds it. */
  lockHeld(id: ExperimentId, holder: string): Promise<ExperimentRecord | undefined>;
  /** By place. */
  listStatus(id: ExperimentId): Promise<readonly ExperimentHostStatus[]>;
  /** What its hosts were to do for the state before is forgotten where the state is another. */
  setState(change: ExperimentChange): Promise<ExperimentRecord>;
  setHosts(id: ExperimentId, changes: readonly ExperimentHostChange[]): Promise<void>;
  /** The mode that it wants its host in; undefined: the profile's. Plans made before become stale. */
  setHostMode(id: ExperimentId, host: HostId, mode: ExperimentMode | undefined): Promise<void>;
  /** Gives the host back. May run twice. */
  release(id: ExperimentId, host: HostId, failure: JobFailure | undefined): Promise<void>;
  setQuiet(id: ExperimentId, quietAtMs: number): Promise<void>;
  setBaseline(id: ExperimentId, mode: ExperimentMode, baseline: ModeBaseline): Promise<void>;
  /** A round that is there already stays as it is. */
  addRound(id: ExperimentId, reading: ExperimentRound, output: RoundOutput): Promise<void>;
  /** @throws StoreError EXPERIMENT_NOT_FOUND, EXPERIMENT_STATE_WRONG before its end */
  delete(id: ExperimentId): Promise<ExperimentRecord>;
}
