import { ApiError } from "@switchyard/client";
import type { Plan, PlanGoal } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext } from "./context.ts";

/** A busy emulation takes tens of seconds for a look at the host, longer than the controller waits for one. */
const LOOKED_AT_MS = 300_000;
const ASK_AGAIN_MS = 1_000;

/** Plans as soon as the agent has looked at its host since the last job. */
export const planHost = ({ stack, host }: LabContext, goal: PlanGoal): Promise<Plan> =>
  planOnceSeen(() => stack.client.plans.createPlan({ host, goal }));

/**
 * Asks until the plan is made from a look at the host since its last job; a refusal for another reason is an
 * error. While heartbeats are late a plan is made from what was last known, and says so.
 */
export async function planOnceSeen(ask: () => Promise<Plan>): Promise<Plan> {
  const asked = await waitFor(
    async () => {
      try {
        const plan = await ask();
        const isOld = plan.findings.some(({ reason }) => reason === "HOST_UNREACHABLE");
        return isOld ? undefined : { plan };
      } catch (error) {
        if (error instanceof ApiError && error.reason === "HOST_NOT_READY") return undefined;
        return { error };
      }
    },
    { deadlineMs: LOOKED_AT_MS, pollMs: ASK_AGAIN_MS },
  );
  if ("error" in asked) throw asked.error;
  return asked.plan;
}
