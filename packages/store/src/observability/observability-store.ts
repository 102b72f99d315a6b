import type { ExperimentState, HostId, JobState, RolloutState, VmState } from "@switchyard/model";
import type { HostState } from "../hosts/host-record.ts";

/** A host as monitoring sees it. Versions are empty while no inventory told them. */
export interface HostStatus {
  readonly host: HostId;
  readonly state: HostState;
  readonly isCordoned: boolean;
  readonly isFenced: boolean;
  /** `simulated`, `lab` or `real`; empty before the first inventory. */
  readonly kind: string;
  readonly model: string;
  /** Running firmware and driver of the first NIC. */
  readonly firmware: string;
  readonly driver: string;
  readonly kernel: string;
  readonly ovs: string;
  readonly agentVersion: string;
  readonly lastSeenAtMs: number | undefined;
  /** Fields that differ from what was applied, by kind: the field's first word, such as `pf` or `bridge`. */
  readonly drift: Readonly<Record<string, number>>;
}

/** A rollout or an experiment that began lately, to be marked in graphs. */
export interface WorkMark {
  readonly noun: "rollout" | "experiment";
  readonly name: string;
  readonly state: string;
  readonly startedAtMs: number;
  /** Undefined while it has not ended. */
  readonly endedAtMs: number | undefined;
}

/** The state of everything, in numbers. */
export interface FleetStatus {
  readonly hosts: readonly HostStatus[];
  /** Jobs that have not ended, among the newest 50,000. */
  readonly liveJobs: Readonly<Partial<Record<JobState, number>>>;
  readonly vms: Readonly<Partial<Record<VmState, number>>>;
  readonly rollouts: Readonly<Partial<Record<RolloutState, number>>>;
  readonly experiments: Readonly<Partial<Record<ExperimentState, number>>>;
  /** The newest 20 of each. */
  readonly marks: readonly WorkMark[];
  /** Jobs whose host has not accepted them. */
  readonly outboxCount: number;
  /** Age of the oldest of them; 0 where there is none. */
  readonly outboxAgeMs: number;
}

/** One pool of connections to the database, now. */
export interface PoolStatus {
  readonly pool: string;
  readonly connectionCount: number;
  readonly idleCount: number;
  /** Callers that wait for a connection. */
  readonly waitingCount: number;
}

/** What monitoring reads. */
export interface ObservabilityStore {
  /** Three statements over tables of thousands of rows; call it every few seconds at most. */
  readFleet(): Promise<FleetStatus>;
  pools(): readonly PoolStatus[];
}
