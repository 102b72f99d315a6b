import type { HostId } from "../ids/ids.ts";

/** Share of the fleet that may be lost within the window before anything that follows from it stops. */
const LOST_SHARE_MAX = 0.1;
const LOST_HOSTS_MAX = 20;
/** In a small fleet a tenth is less than one host; a single loss must not freeze it. */
const LOST_HOSTS_MIN = 3;
/** Hosts lost within so long were lost together. */
export const FREEZE_WINDOW_MS = 60_000;

/**
 * Why nothing is begun by itself. `hosts-lost`: many hosts vanished at once, so that a network or a controller is
 * likelier to be broken than each of them. `restored`: the database was put back from a copy, so that hosts may know what it
 * does not. `bus-away`: the controller that was asked does not reach NATS.
 */
export type FreezeCause = StoredFreezeCause | "bus-away";

/** Those that are the fleet's, whichever controller is asked. */
export type StoredFreezeCause = "hosts-lost" | "restored";

/** While it lasts no rollout goes a step on, no move begins and no drift is mended; after a restore no VM starts either. */
export interface FleetFreeze {
  readonly cause: FreezeCause;
  readonly sinceMs: number;
  /** Lost in the incident and not back. */
  readonly lostCount: number;
  readonly hostCount: number;
  /** It is lifted by itself once no more than so many are lost; after a restore an operator lifts it. */
  readonly liftAtCount: number;
}

/** A VM that runs where the database does not have it. */
export interface StrayVm {
  readonly vm: string;
  /** Where it was seen to run. */
  readonly host: HostId;
  /** Where it is on record; undefined for a VM that is on none. */
  readonly recordedHost: HostId | undefined;
}

/** The fleet by the states of its hosts, and what holds it. */
export interface Fleet {
  readonly counts: {
    readonly enrolled: number;
    readonly ready: number;
    readonly suspect: number;
    readonly lost: number;
  };
  readonly freeze: FleetFreeze | undefined;
  /** Of those lost in the incident, ascending, at most 100. */
  readonly lostHosts: readonly HostId[];
  /** After a restore: hosts that have not reported since and are not lost, ascending, at most 100. */
  readonly unreportedHosts: readonly HostId[];
  /** After a restore: VMs of hosts that have reported since, at most 100. */
  readonly strayVms: readonly StrayVm[];
}

/** Hosts that may be lost together, of so many: a tenth, at least 3 and at most 20. */
export const lostTogetherMax = (hostCount: number): number =>
  Math.min(LOST_HOSTS_MAX, Math.max(LOST_HOSTS_MIN, Math.floor(hostCount * LOST_SHARE_MAX)));

/** One line for a person. */
export function freezeText({ cause, lostCount, hostCount }: FleetFreeze): string {
  return `the fleet is frozen: ${WHY[cause]({ lostCount, hostCount })}`;
}

const WHY: Readonly<
  Record<FreezeCause, (counts: Pick<FleetFreeze, "lostCount" | "hostCount">) => string>
> = {
  "hosts-lost": ({ lostCount, hostCount }) =>
    `${lostCount} of ${hostCount} hosts were lost at once`,
  restored: () => "its database was restored from a copy",
  "bus-away": () => "the controller does not reach NATS",
};
