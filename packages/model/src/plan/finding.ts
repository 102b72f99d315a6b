import type { Reason } from "../errors/reasons/reasons.ts";

/** `error` blocks a plan, `warning` does not. */
export type FindingSeverity = "error" | "warning";

/** One result of a diagnosis. */
export interface Finding {
  readonly reason: Reason;
  readonly severity: FindingSeverity;
  /** One sentence that names the object. */
  readonly message: string;
  readonly found: string;
  readonly needs: string;
  /** One thing to try. */
  readonly fix: string;
  /** Part of an inventory that could not be read, where the finding is about that. */
  readonly unread?: string;
}
