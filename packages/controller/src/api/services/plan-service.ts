import {
  ApplyPlanRequest,
  CreatePlanRequest,
  Job,
  Plan,
  PlanGoal,
  type PlanServiceService,
  VmPolicy,
} from "@switchyard/proto";
import { toProtoJob } from "../convert/job.ts";
import { toProtoPlan } from "../convert/plan.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { applyPlan } from "../plans/apply-plan.ts";
import { createPlan, type Goal, type Wanted } from "../plans/create-plan.ts";
import { awaitFreshInventory } from "../plans/fresh-inventory.ts";
import { checkRequestId, checkText } from "../validation/fields.ts";
import { hostName, planName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { changing, watching } from "./methods.ts";
import { readHostFilter, readName, readVersioned } from "./read-fields.ts";

const GOALS: ReadonlyMap<PlanGoal, Goal> = new Map([
  [PlanGoal.APPLY_PROFILE, "apply-profile"],
  [PlanGoal.TEAR_DOWN, "tear-down"],
  [PlanGoal.REBOOT, "reboot"],
]);

const VM_POLICIES: ReadonlyMap<VmPolicy, Wanted["vmPolicy"]> = new Map([
  [VmPolicy.UNSPECIFIED, "refuse"],
  [VmPolicy.REFUSE, "refuse"],
  [VmPolicy.STOP, "stop"],
  [VmPolicy.FORCE, "force"],
]);

const REASON_LENGTH_MAX = 200;

function readCreate(request: CreatePlanRequest): Wanted {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const host = violations.parse("host", request.host, hostName.parse);
  const goal = GOALS.get(request.goal);
  violations.check(goal !== undefined, "goal", "must be APPLY_PROFILE, TEAR_DOWN or REBOOT");
  const vmPolicy = VM_POLICIES.get(request.vmPolicy);
  violations.check(vmPolicy !== undefined, "vm_policy", "must be REFUSE, STOP or FORCE");
  const { reason } = request;
  if (goal === "reboot") checkText(violations, "reason", reason, REASON_LENGTH_MAX);
  else violations.check(reason === "", "reason", "is for goal REBOOT only");
  violations.assertNone();
  return { host: host!, goal: goal!, vmPolicy: vmPolicy!, reason }; // no violations: all were read
}

export const createPlanService = (parts: ApiParts): MethodsOf<typeof PlanServiceService> => ({
  createPlan: changing(parts, {
    takes: CreatePlanRequest,
    gives: Plan,
    read: readCreate,
    before: (wanted) => awaitFreshInventory(parts, wanted.host),
    work: async (tx, wanted) => toProtoPlan(await createPlan(parts, tx, wanted)),
  }),
  getPlan: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoPlan(await parts.store.reads.plans.get(readName("name", name, planName))),
  },
  listPlans: {
    role: "viewer",
    call: async (request) => {
      const host = readHostFilter(request.host);
      const filter = { list: "plans", host };
      const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
        parts.store.reads.plans.list({ ...page, host }),
      );
      return { plans: items.map(toProtoPlan), nextPageToken };
    },
  },
  applyPlan: changing(parts, {
    takes: ApplyPlanRequest,
    gives: Job,
    read: (request) => readVersioned(request, planName),
    work: async (tx, which) => toProtoJob(await applyPlan(parts, tx, which)),
  }),
  watchPlans: watching(parts, {
    kind: "plans",
    from: (reads) => reads.plans,
    show: (plan) => ({ plan: toProtoPlan(plan) }),
  }),
});
