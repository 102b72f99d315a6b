import { randomFillSync } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Time and chance as the client needs them. It has a seam of its own, so that programs which only call
 * the API need nothing of the controller's runtime.
 */
export interface Timing {
  /** Wall clock, milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

export const systemTiming: Timing = {
  nowMs: () => performance.timeOrigin + performance.now(),
  sleep: async (ms, signal) => {
    if (signal?.aborted) return;
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
  random: () => randomFillSync(new Uint32Array(1))[0]! / 2 ** 32, // one element was asked for
};

/** Waits between attempts to reach the controller again: from 0.2 s, doubling, to 5 s. */
const RECONNECT = { firstMs: 200, maxMs: 5_000, jitter: 0.3 } as const;

/** @param attempt 1 for the first repeat */
export function reconnectDelayMs(attempt: number, timing: Timing): number {
  const full = Math.min(RECONNECT.maxMs, RECONNECT.firstMs * 2 ** (attempt - 1));
  return full * (1 - RECONNECT.jitter * timing.random());
}
