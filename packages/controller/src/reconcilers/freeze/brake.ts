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
}

export function createBrake(parts: {
  readonly bus: Pick<ControllerBus, "isConnected">;
  readonly clock: Clock;
}): Brake {
  const { bus, clock } = parts;
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
  };
}
