import type { FleetFreeze, HostId } from "@switchyard/model";
import type { InventoryOutcome, InventoryUpdate } from "./host-record.ts";

export interface HostBeat {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly session: string;
  readonly bootId: string;
  readonly agentVersion: string;
}

export interface BeatReport {
  /** Hosts whose state changed: back from suspect or lost. */
  readonly returned: readonly HostId[];
  /** Hosts whose boot id differs from the beat before. */
  readonly rebooted: readonly HostId[];
}

export interface SweepReport {
  readonly suspected: readonly HostId[];
  readonly lost: readonly HostId[];
  /** Of the fleet, as it is after the sweep. */
  readonly freeze: FleetFreeze | undefined;
  /** This sweep froze the fleet, or lifted the freeze. */
  readonly isFreezeChanged: boolean;
}

/** Heartbeats and inventories, many hosts per statement. Only changes of state reach the change log. */
export interface PresenceStore {
  /** One statement for all beats; those of older enrolments are ignored. */
  recordBeats(beats: readonly HostBeat[]): Promise<BeatReport>;
  /** Marks silent hosts by the database's clock, and freezes the fleet where too many are lost at once. */
  sweep(limits: {
    readonly suspectAfterMs: number;
    readonly lostAfterMs: number;
  }): Promise<SweepReport>;
  /** Takes an inventory, or what changed in the one that is there, unless a newer one is. */
  recordInventory(update: InventoryUpdate): Promise<InventoryOutcome>;
  /** When each host was last heard of; for showing fresh times beside watched hosts. */
  lastSeen(): Promise<ReadonlyMap<HostId, number>>;
}
