import type {
  GateVerdict,
  HostId,
  MaintenanceWindow,
  MaxUnavailable,
  RolloutHostState,
  RolloutState,
  RolloutStrategy,
} from "@switchyard/model";

/** A host of a rollout with what decides about it. */
export interface RolloutHostView {
  readonly host: HostId;
  readonly wave: number;
  readonly state: RolloutHostState;
  /** Its heartbeats come in. */
  readonly isUp: boolean;
  /** It can't be begun now: an exclusive job of somebody else is at work on it. */
  readonly isBusy: boolean;
  /** A job of the rollout was made for it, so that it may have been changed. */
  readonly isTouched: boolean;
  /** Value of the label that domains go by; empty where the host has none, or nothing goes by it. */
  readonly domain: string;
}

/** A gate after the wave, as far as it was looked at. */
export interface GateView {
  readonly position: number;
  readonly title: string;
  readonly verdict: GateVerdict | "unjudged";
  readonly found: string;
  readonly isAccepted: boolean;
}

/** A rollout as its next step is decided from. */
export interface RolloutView {
  readonly state: RolloutState;
  readonly wave: number;
  readonly waveCount: number;
  readonly soakUntilMs: number | undefined;
  /** Failures that somebody accepted by resuming a halted rollout. */
  readonly acceptedFailureCount: number;
  readonly strategy: RolloutStrategy;
  readonly hosts: readonly RolloutHostView[];
  /** Those that guard the end of this wave. */
  readonly gates: readonly GateView[];
}

/** Of a share of few hosts one may be down, or nothing would ever begin. */
export const unavailableMax = (limit: MaxUnavailable, hostCount: number): number =>
  limit.kind === "count" ? limit.count : Math.max(1, Math.floor((hostCount * limit.percent) / 100));

const UNDER_WAY: readonly RolloutHostState[] = ["running", "verifying", "rolling-back"];
export const isUnderWay = ({ state }: Pick<RolloutHostView, "state">): boolean =>
  UNDER_WAY.includes(state);

/** Hosts that serve nobody now: those being changed, and those that are down whatever the reason. */
export const countUnavailable = (hosts: readonly RolloutHostView[]): number =>
  hosts.filter((host) => isUnderWay(host) || !host.isUp).length;

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1440;

/** Whether hosts may be begun at a time, milliseconds since the epoch. */
export function isInWindow(window: MaintenanceWindow | undefined, nowMs: number): boolean {
  if (window === undefined) return true;
  const minute = Math.floor(nowMs / MINUTE_MS) % MINUTES_PER_DAY;
  const since = (minute - window.startMinute + MINUTES_PER_DAY) % MINUTES_PER_DAY;
  return since < window.durationMinutes;
}
