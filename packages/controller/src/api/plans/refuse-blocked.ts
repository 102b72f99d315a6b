import { PlanningError } from "@switchyard/model";
import type { PlanRecord } from "@switchyard/store";
import { planName } from "../validation/names.ts";

/** @throws PlanningError PLAN_BLOCKED for a plan with a finding of severity `error` */
export function refuseBlocked({ id, state, plan }: PlanRecord): void {
  if (state !== "blocked") return;
  const errors = plan.findings.filter(({ severity }) => severity === "error");
  throw new PlanningError("PLAN_BLOCKED", errors.map(({ message }) => message).join("; "), {
    subject: planName.format(id),
    found: errors.map(({ reason, found }) => `${reason}: ${found}`).join("; "),
    needs: errors.map(({ needs }) => needs).join("; "),
  });
}
