import {
  DispatchError,
  type HostPlan,
  type Inventory,
  type JobSpec,
  PlanningError,
} from "@switchyard/model";
import { planJob, planNoop } from "@switchyard/planner";

/** Titles named in a failure. */
const TITLES_SHOWN_MAX = 20;

/**
 * Plans a job on the host as it is now.
 *
 * @throws PlanningError with the reason of the first finding that blocks, VMS_WOULD_BREAK;
 *   DispatchError PLAN_STALE when the plan is not the approved one
 */
export async function planAfresh(
  spec: JobSpec,
  readInventory: () => Promise<Inventory>,
): Promise<HostPlan> {
  if (spec.kind === "noop") return planNoop();
  const plan = planJob(spec, await readInventory());
  refuseBlocked(plan);
  if (spec.kind === "apply-host" && plan.digest !== spec.planDigest) throw stale(plan);
  return plan;
}

function refuseBlocked(plan: HostPlan): void {
  const blocking = plan.findings.filter(({ severity }) => severity === "error");
  const [first] = blocking;
  if (first !== undefined) {
    throw new PlanningError(first.reason, first.message, {
      found: first.found,
      needs: first.needs,
      try: first.fix,
      ...(blocking.length > 1 && {
        also: blocking
          .slice(1)
          .map(({ message }) => message)
          .join("; "),
      }),
    });
  }
  // Whoever asked for the job has decided about the VMs where a finding says so.
  const isDecided = plan.findings.some(({ reason }) => reason === "VMS_WOULD_BREAK");
  if (isDecided || plan.affectedVms.length === 0) return;
  throw new PlanningError("VMS_WOULD_BREAK", "running VMs would lose their NIC", {
    found: plan.affectedVms.join(", "),
  });
}

function stale(plan: HostPlan): DispatchError {
  return new DispatchError(
    "PLAN_STALE",
    plan.steps.length === 0
      ? "the host is as it shall be already, unlike when the plan was made"
      : "the host would need other steps than those of the approved plan",
    { found: titles(plan), needs: "the steps of the approved plan", try: "Create a new plan" },
  );
}

/** The steps of a plan on one line. */
export function titles({ steps }: Pick<HostPlan, "steps">): string {
  const shown = steps.slice(0, TITLES_SHOWN_MAX).map(({ title }) => title);
  const rest = steps.length - shown.length;
  if (steps.length === 0) return "no steps";
  return rest > 0 ? `${shown.join("; ")}; and ${rest} more` : shown.join("; ");
}
