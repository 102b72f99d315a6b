import { type Finding, REASONS, type Reason } from "@switchyard/model";

export type FindingText = Pick<Finding, "message" | "found" | "needs"> &
  Partial<Pick<Finding, "fix">>;

/** Blocks a plan. The fix is the reason's own unless another is given. */
export const errorFinding = (reason: Reason, text: FindingText): Finding => ({
  reason,
  severity: "error",
  fix: REASONS[reason].fix,
  ...text,
});

/** Does not block a plan. */
export const warningFinding = (reason: Reason, text: FindingText): Finding => ({
  ...errorFinding(reason, text),
  severity: "warning",
});
