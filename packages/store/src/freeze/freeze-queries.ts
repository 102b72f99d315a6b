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
   * @throws StoreError FLEET_NOT_FROZEN
   */
  lift(reason: string): Promise<void>;
}
