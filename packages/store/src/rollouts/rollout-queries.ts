import type {
  CheckId,
  CheckStatus,
  GateOutcome,
  HostId,
  JobFailure,
  JobId,
  JobState,
  ProfileId,
  RolloutHostState,
  RolloutId,
  RolloutPlace,
  RolloutProfileChange,
  RolloutSpec,
  RolloutState,
} from "@switchyard/model";
import type { HostState } from "../hosts/host-record.ts";
import type { Page, PageRequest } from "../page.ts";

export type RolloutCounts = Readonly<Record<RolloutHostState, number>>;

/** A profile of a rollout, with the versions that count. */
export interface RolloutProfileRecord {
  readonly profile: ProfileId;
  /** When the rollout began. */
  readonly beforeGeneration: number;
  /** That hosts are brought to; as before where there was nothing to change. */
  readonly targetGeneration: number;
  /** That hosts can be brought back to; undefined where none was proven. */
  readonly provenGeneration: number | undefined;
  /** What the proven one became when it was put back; undefined before that. */
  readonly backGeneration: number | undefined;
  /** What the rollout wrote into it. */
  readonly changes: readonly RolloutProfileChange[];
  /** Hosts of each wave, from the first. */
  readonly waveHostCounts: readonly number[];
  /** Hosts of the profile that the selector leaves out, and the names of the first of them. */
  readonly outsideHostCount: number;
  readonly outsideHosts: readonly HostId[];
}

export interface RolloutRecord {
  readonly id: RolloutId;
  readonly uid: string;
  readonly etag: string;
  readonly createdAtMs: number;
  readonly actor: string;
  /** W3C `traceparent` of what asked for it; its jobs are of that trace. Empty: of none. */
  readonly traceparent: string;
  readonly spec: RolloutSpec;
  readonly state: RolloutState;
  readonly stateReason: string;
  /** Where a paused one goes on. */
  readonly resumeState: RolloutState | undefined;
  readonly wave: number;
  readonly waveCount: number;
  readonly soakUntilMs: number | undefined;
  /** Ascending by name. */
  readonly profiles: readonly RolloutProfileRecord[];
  /** Hosts with the labels of the selector that no profile matches. */
  readonly hostsWithoutProfile: number;
  readonly acceptedFailureCount: number;
  /** Why it begins nothing now although it goes on by itself; empty where nothing holds it. */
  readonly hold: string;
  /** When the first host failed. */
  readonly signalAtMs: number | undefined;
  readonly haltedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly counts: RolloutCounts;
  /** Hosts begun after the first bad signal. */
  readonly blastRadius: number;
  /** Of gates that were looked at, by wave and position. */
  readonly gates: readonly GateOutcome[];
}

/** A check's result before the change. */
export interface CheckBefore {
  readonly id: CheckId;
  readonly status: CheckStatus;
}

export interface RolloutHostRecord extends RolloutPlace {
  readonly state: RolloutHostState;
  readonly job: JobId | undefined;
  /** A job of the rollout was made for it, so that it may have been changed. */
  readonly isTouched: boolean;
  /** When a controller took it in hand last. */
  readonly takenAtMs: number | undefined;
  readonly checksBefore: readonly CheckBefore[] | undefined;
  readonly failure: JobFailure | undefined;
  readonly proof: string;
  /** The rollout moved its VMs elsewhere, and has not brought them home yet. */
  readonly isEmptied: boolean;
  /** Somebody else had cordoned it before. */
  readonly wasCordoned: boolean;
}

/** A host of a rollout with what else decides about it, its checks left out: a rollout reads all of its hosts often. */
export interface RolloutHostStatus extends Omit<RolloutHostRecord, "checksBefore"> {
  readonly hostState: HostState;
  readonly labels: Readonly<Record<string, string>>;
  /** Somebody's exclusive job is at work on it, or an experiment has it. */
  readonly isBusy: boolean;
  readonly jobState: JobState | undefined;
  readonly jobFailure: JobFailure | undefined;
}

export interface RolloutReads {
  /** @throws StoreError ROLLOUT_NOT_FOUND */
  get(id: RolloutId): Promise<RolloutRecord>;
  find(id: RolloutId): Promise<RolloutRecord | undefined>;
  /** Ascending by name. */
  list(page: PageRequest): Promise<Page<RolloutRecord>>;
  /** Ascending by host. */
  listHosts(page: PageRequest & { readonly rollout: RolloutId }): Promise<Page<RolloutHostRecord>>;
  /** Undefined where the rollout has no such host. */
  findHost(rollout: RolloutId, host: HostId): Promise<RolloutHostRecord | undefined>;
  /** Several of them, in no order; those that the rollout does not have are left out. */
  findHosts(rollout: RolloutId, hosts: readonly HostId[]): Promise<readonly RolloutHostRecord[]>;
  /** The one that has not ended. */
  findLive(profile: ProfileId): Promise<RolloutId | undefined>;
  /**
   * Those that go on by themselves (running, soaking, rolling back), and those that a person decides about (paused,
   * halted) as long as they have hosts of which it is not known yet what became of them.
   */
  listMoving(): Promise<readonly RolloutId[]>;
}

export interface RolloutDraft {
  readonly id: RolloutId;
  readonly spec: RolloutSpec;
  readonly waveCount: number;
  readonly profiles: readonly Omit<RolloutProfileRecord, "backGeneration">[];
  readonly hostsWithoutProfile: number;
  readonly places: readonly RolloutPlace[];
}

/** What is left out stays as it is. */
export interface RolloutChangeOfState {
  readonly id: RolloutId;
  readonly state: RolloutState;
  readonly reason: string;
  readonly wave?: number;
  readonly soakUntilMs?: number;
  readonly resumeState?: RolloutState;
  readonly acceptedFailureCount?: number;
}

export interface RolloutHostChange {
  readonly host: HostId;
  /** `running` and `rolling-back` without a job take the host in hand. */
  readonly state: RolloutHostState;
  readonly job?: JobId;
  readonly checksBefore?: readonly CheckBefore[];
  readonly failure?: JobFailure;
  readonly proof?: string;
}

/** What is left out stays as it is. */
export interface RolloutHostNote {
  readonly host: HostId;
  readonly isEmptied?: boolean;
  readonly wasCordoned?: boolean;
  readonly proof?: string;
}

/** A host that a rollout keeps without VMs. */
export interface EmptiedHost extends RolloutHostStatus {
  readonly rollout: RolloutId;
  readonly rolloutState: RolloutState;
}

export interface RolloutWrites {
  /** @throws StoreError NAME_TAKEN, RESOURCE_IN_USE while another rollout of one of its profiles has not ended */
  create(draft: RolloutDraft): Promise<RolloutRecord>;
  /**
   * The rollout, locked until the transaction ends; undefined where another transaction has it or it has ended.
   */
  take(id: RolloutId): Promise<RolloutRecord | undefined>;
  /** As `take`, whatever its state, and waits. @throws StoreError ROLLOUT_NOT_FOUND */
  lock(id: RolloutId): Promise<RolloutRecord>;
  /** All of its hosts, by wave and name. */
  listStatus(id: RolloutId): Promise<readonly RolloutHostStatus[]>;
  /** Generation that the newest rollout of the profile brought hosts to, of those that succeeded. */
  findProven(profile: ProfileId): Promise<number | undefined>;
  /** The generation that the proven version of a profile was put back as. */
  setBack(
    id: RolloutId,
    back: { readonly profile: ProfileId; readonly generation: number },
  ): Promise<void>;
  setState(change: RolloutChangeOfState): Promise<RolloutRecord>;
  /** Says why it begins nothing now; empty: nothing holds it any more. */
  setHold(id: RolloutId, hold: string): Promise<RolloutRecord>;
  /** The first failure is the rollout's bad signal. */
  setHosts(id: RolloutId, changes: readonly RolloutHostChange[]): Promise<void>;
  /** What is known of a gate now; a failure is a bad signal, if it is the first. May run twice. */
  setGate(id: RolloutId, outcome: Omit<GateOutcome, "isAccepted">): Promise<void>;
  /** The gates of a wave hold the rollout no longer, whatever they found; those still at it do. May run twice. */
  acceptGates(id: RolloutId, wave: number): Promise<void>;
  /** Leaves its state, and when it was taken in hand, as they are. */
  noteHost(id: RolloutId, note: RolloutHostNote): Promise<void>;
  /** Hosts that rollouts keep without VMs, also those of rollouts that have ended; at most `max`. */
  listEmptied(max: number): Promise<readonly EmptiedHost[]>;
}
