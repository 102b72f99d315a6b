import { ApiError } from "@switchyard/client";
import type { Plan, PlanGoal } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext } from "./context.ts";

/** A busy emulation takes tens of seconds for a look at the host, longer than the controller waits for one. */
const LOOKED_AT_MS = 240_000;
const ASK_AGAIN_MS = 1_000;

/** Plans as soon as the agent has looked at its host since the last job; any other refusal is an error. */
export async function planHost({ stack, host }: LabContext, goal: PlanGoal): Promise<Plan> {
  const asked = await waitFor(
    async () => {
      try {
        return { plan: await stack.client.plans.createPlan({ host, goal }) };
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
