import type { Random } from "./random.ts";

export interface BackoffPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Share of the delay that chance may take away, 0 to 1, so that many callers do not fall in step. */
  readonly jitter: number;
}

/** Delay before try `attempt` (1 is the first repeat): doubled each time, bounded, jittered. */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  const full = Math.min(policy.maxMs, policy.firstMs * 2 ** (attempt - 1));
  return full * (1 - policy.jitter * random.float());
}
