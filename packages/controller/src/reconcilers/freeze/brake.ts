import type { ControllerBus } from "@switchyard/bus";
import type { FleetFreeze } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Reads } from "@switchyard/store";

/** Says whether anything may be begun by itself. */
export interface Brake {
  /**
   * Why not; undefined where it may. A controller that does not reach NATS holds back by itself: to it, hosts that do
   * not answer tell nothing. One without Postgres can't begin anything in the first place.
   *
   * @param reads of the transaction that would begin something, so that it can't pass a freeze by
   */
  find(reads: Pick<Reads, "freeze">): Promise<FleetFreeze | undefined>;
  /**
   * The freeze of a restore, until it is lifted: hosts may run what the database does not know, so that not even a call
   * may start a VM. It begins only while no controller runs, and costs nothing where there was none at this one's start.
   */
  findRestore(reads: Pick<Reads, "freeze">): Promise<FleetFreeze | undefined>;
}

export function createBrake(parts: {
  readonly bus: Pick<ControllerBus, "isConnected">;
  readonly clock: Clock;
  /** Whether the fleet was frozen by a restore when this controller started. */
  readonly isRestored?: boolean;
}): Brake {
  const { bus, clock } = parts;
  let { isRestored = false } = parts;
  let awaySinceMs: number | undefined;
  return {
    find: async (reads) => {
      if (bus.isConnected()) awaySinceMs = undefined;
      else awaySinceMs ??= clock.nowMs();
      if (awaySinceMs === undefined) return reads.freeze.find();
      return {
        cause: "bus-away",
        sinceMs: awaySinceMs,
        lostCount: 0,
        hostCount: 0,
        liftAtCount: 0,
      };
    },
    findRestore: async (reads) => {
      if (!isRestored) return undefined;
      const freeze = await reads.freeze.find();
      if (freeze?.cause === "restored") return freeze;
      isRestored = false;
      return undefined;
    },
  };
}
