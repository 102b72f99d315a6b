import type { HostId, ProfileId } from "../ids/ids.ts";
import type { LabelSelector } from "./host-profile.ts";
import type { RolloutGate } from "./rollout-gate.ts";

/** What a rollout does to hosts, beside bringing them to their profile as it is. */
export interface RolloutChange {
  /** Written into every profile that differs when the rollout begins. */
  readonly hwOffload?: boolean;
  /** Every host boots, for this reason. */
  readonly rebootReason?: string;
}

/** Hosts that may be down at once, for whatever reason; of a share at least one may. */
export type MaxUnavailable =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "percent"; readonly percent: number };

/** Hosts with one value of a label are one domain; those without it are one together. */
export interface FailureDomain {
  readonly label: string;
  /** Of each domain, beside the bound on all hosts. */
  readonly maxUnavailable: number;
}

/** By UTC, every day; it may go over midnight. */
export interface MaintenanceWindow {
  /** Since midnight, 0 to 1439. */
  readonly startMinute: number;
  /** 1 to 1440. */
  readonly durationMinutes: number;
}

/**
 * What becomes of running VMs that a host's plan would cut off: the host fails, they are stopped and stay so, or they
 * move elsewhere before and home again after. Hosts whose plan cuts off nobody keep their VMs in any case.
 */
export type RolloutVmPolicy = "refuse" | "stop" | "drain";

/** How fast a rollout goes, and when it stops by itself. */
export interface RolloutStrategy {
  /** Hosts of the first wave; one of every class of hardware is in it, whatever the count. */
  readonly canaryCount: number;
  /** Waves after the canary. */
  readonly waveCount: number;
  readonly maxUnavailable: MaxUnavailable;
  /** Between the last host of a wave and the first of the next, milliseconds. */
  readonly soakMs: number;
  /** Hosts that may fail; one more halts the rollout. */
  readonly failureBudget: number;
  readonly isRolledBackOnHalt: boolean;
  readonly vmPolicy: RolloutVmPolicy;
  readonly window?: MaintenanceWindow;
  /** Of hosts that share what fails at once: a rack, a power feed. */
  readonly domain?: FailureDomain;
  /** Looked at when a wave has soaked. */
  readonly gates?: readonly RolloutGate[];
}

/** Profiles, a selector, or all hosts: one of them at least says what it goes over. */
export interface RolloutSpec {
  /** Empty: those of all hosts that the selector chooses. */
  readonly profiles: readonly ProfileId[];
  /** Narrows the hosts of the profiles; empty: all of them. */
  readonly selector: LabelSelector;
  /** Every host that has a profile; then there are neither profiles nor a selector. */
  readonly isWholeFleet?: boolean;
  readonly change: RolloutChange;
  readonly strategy: RolloutStrategy;
}

/**
 * ```
 * running <--> soaking --> succeeded
 *    '----+------'--> paused <--> (where it was)
 *         '--> halted --> running | rolling-back --> rolled-back | failed
 * ```
 * Anything that has not ended may be aborted. The last four states are never left.
 */
export type RolloutState =
  | "running"
  | "soaking"
  | "paused"
  | "halted"
  | "rolling-back"
  | "succeeded"
  | "rolled-back"
  | "aborted"
  | "failed";

const ENDED: readonly RolloutState[] = ["succeeded", "rolled-back", "aborted", "failed"];
export const isRolloutEnd = (state: RolloutState): boolean => ENDED.includes(state);

/** `stuck`: it could not be brought back. */
export type RolloutHostState =
  | "waiting"
  | "running"
  | "verifying"
  | "updated"
  | "unchanged"
  | "failed"
  | "rolling-back"
  | "rolled-back"
  | "stuck";

/** What a rollout wrote into a profile. */
export interface RolloutProfileChange {
  /** As the profile's file has it: `datapath.hw_offload`. */
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** A host's place in a rollout, fixed when the rollout is made. */
export interface RolloutPlace {
  readonly host: HostId;
  /** By which it is changed. */
  readonly profile: ProfileId;
  /** From 1; the first is the canary. */
  readonly wave: number;
  readonly hardwareClass: string;
}

export const LIMITS_OF_ROLLOUT = {
  hostsMax: 20_000,
  profilesMax: 100,
  canaryMax: 100,
  wavesMax: 50,
  soakMsDefault: 30_000,
  soakMsMax: 7 * 24 * 3_600_000,
  reasonLengthMax: 500,
} as const;
