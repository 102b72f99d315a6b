import type { Fleet, FleetFreeze } from "@switchyard/model";

/** The brake on everything that is begun by itself. */
export interface FreezeReads {
  /** Undefined while nothing is held back. */
  find(): Promise<FleetFreeze | undefined>;
  getFleet(): Promise<Fleet>;
}

export interface FreezeWrites {
  /**
   * Lifts the freeze; hosts lost until now freeze nothing any more. The reason goes into the audit.
   *
   * @throws StoreError FLEET_NOT_FROZEN; FLEET_UNSETTLED after a restore, until all hosts that are not lost have reported
   *   and no VM runs where the database does not have it
   */
  lift(reason: string): Promise<void>;
}
