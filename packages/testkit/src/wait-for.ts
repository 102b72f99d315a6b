import { systemClock } from "@switchyard/runtime";

/** First pause between two reads; short against any deadline, long against the cost of most reads. */
const POLL_MS = 10;
/** Longest pause. */
const POLL_MAX_MS = 100;
/** Pauses grow with the wait: many reads of what takes seconds slow down what is waited for. */
const POLL_SHARE = 0.05;

export interface WaitOptions<T> {
  /** Longest wait. */
  readonly deadlineMs?: number;
  /** Pause between two reads, for those that cost others something; unless told it is a share of the wait. */
  readonly pollMs?: number;
  /** Renders the last state for the error. */
  readonly describe?: (last: T | undefined) => string;
}

/**
 * Reads `level` until it is neither undefined nor false, and returns it. A read that throws counts as not
 * there yet.
 *
 * @throws Error with the last state or the last error once the deadline (5 s unless told) is over
 */
export async function waitFor<T>(
  level: () => T | Promise<T>,
  options: WaitOptions<T> = {},
): Promise<Exclude<T, undefined | false | null>> {
  const deadlineMs = options.deadlineMs ?? 5_000;
  const startMs = systemClock.monotonicMs();
  const endMs = startMs + deadlineMs;
  let last: T | undefined;
  let lastError: unknown;
  do {
    try {
      last = await level();
      lastError = undefined;
      if (last !== undefined && last !== null && last !== false) {
        return last as Exclude<T, undefined | false | null>;
      }
    } catch (error) {
      lastError = error;
    }
    await systemClock.sleep(options.pollMs ?? pauseMs(systemClock.monotonicMs() - startMs));
  } while (systemClock.monotonicMs() < endMs);
  const state = options.describe?.(last) ?? JSON.stringify(last);
  throw new Error(`not reached within ${deadlineMs} ms; last state: ${state}`, {
    cause: lastError,
  });
}

const pauseMs = (waitedMs: number): number =>
  Math.min(POLL_MAX_MS, Math.max(POLL_MS, waitedMs * POLL_SHARE));
