import { ApiError, type SwitchyardClient } from "@switchyard/client";
import { systemClock } from "@switchyard/runtime";

/** Longest outage a caller sits out. */
const DEADLINE_MS = 90_000;
const PAUSE_MS = 100;
/** Bound on one call; a controller that hangs is noticed by it. */
const CALL_TIMEOUT_MS = 15_000;

/**
 * Calls one controller after the other until one answers, as a careful user does: what was refused for the
 * moment, or cut off without an answer, is asked again.
 */
export async function insist<T>(
  clients: readonly SwitchyardClient[],
  call: (client: SwitchyardClient, options: { readonly timeoutMs: number }) => Promise<T>,
): Promise<T> {
  const endMs = systemClock.monotonicMs() + DEADLINE_MS;
  for (let attempt = 0; ; attempt += 1) {
    const client = clients[attempt % clients.length]!; // there is one client at least
    try {
      return await call(client, { timeoutMs: CALL_TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isTransient) throw error;
      if (systemClock.monotonicMs() > endMs) throw error;
    }
    await systemClock.sleep(PAUSE_MS);
  }
}
