import type { AgentBus } from "@switchyard/bus";
import type { Clock } from "@switchyard/runtime";

/** How long a guarded step may leave the bus without an answer, milliseconds; default. */
export const DEAD_MAN_MS = 30_000;
export const DEAD_MAN_MS_MIN = 1_000;
export const DEAD_MAN_MS_MAX = 600_000;
/** Longest wait for one answer. A broker in reach takes milliseconds. */
const ANSWER_MS_MAX = 2_000;
const PAUSE_MS = 250;
/**
 * Before a step nothing is at stake but time, so that an outage of the bus is waited out for this many times
 * the dead-man's.
 */
const WAIT_BEFORE_FACTOR = 4;

/** An answer of the bus, and what it took to get it. */
export interface Confirmation {
  readonly tookMs: number;
}

/** Tells whether the controllers' bus is in reach, by asking it. */
export interface ManagementPath {
  /** How long a guarded step may leave the bus without an answer, milliseconds. */
  readonly deadManMs: number;
  /** How long a guarded step waits for the bus before it begins, milliseconds. */
  readonly waitBeforeMs: number;
  /** IP addresses of bus and controllers, as far as they are known. */
  readonly peerAddresses: readonly string[];
  /** Asks until the bus answers; undefined when it did not in time or the signal came first. */
  confirm(withinMs: number, signal: AbortSignal): Promise<Confirmation | undefined>;
}

export function createManagementPath(parts: {
  readonly bus: Pick<AgentBus, "roundTrip">;
  readonly clock: Clock;
  readonly deadManMs: number;
  readonly peerAddresses: readonly string[];
}): ManagementPath {
  const { bus, clock, deadManMs, peerAddresses } = parts;
  return {
    ...{ deadManMs, peerAddresses },
    waitBeforeMs: deadManMs * WAIT_BEFORE_FACTOR,
    confirm: async (withinMs, signal) => {
      const startedMs = clock.monotonicMs();
      const tookMs = () => clock.monotonicMs() - startedMs;
      while (!signal.aborted) {
        const leftMs = withinMs - tookMs();
        if (leftMs <= 0) return undefined;
        if (await bus.roundTrip(Math.min(ANSWER_MS_MAX, leftMs))) return { tookMs: tookMs() };
        await clock.sleep(Math.min(PAUSE_MS, Math.max(0, withinMs - tookMs())), signal);
      }
      return undefined;
    },
  };
}
