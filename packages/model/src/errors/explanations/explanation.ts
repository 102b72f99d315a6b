import type { CheckId } from "../../diagnosis/checks.ts";

/** What lies behind a reason, beyond its summary and fix. */
export interface Explanation {
  /** Likeliest first. */
  readonly causes: readonly [string, ...string[]];
  /** Checks of the doctor that look for it. */
  readonly checks: readonly CheckId[];
}

/** One of each reason of a file of reasons: a reason without one does not compile. */
export type ExplanationsOf<Reasons> = Readonly<Record<keyof Reasons, Explanation>>;

export const because = (
  causes: Explanation["causes"],
  ...checks: readonly CheckId[]
): Explanation => ({ causes, checks });
