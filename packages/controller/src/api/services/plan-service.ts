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
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { applyPlan } from "../plans/apply-plan.ts";
import { createPlan, type Goal, type Wanted } from "../plans/create-plan.ts";
import { awaitFreshInventory } from "../plans/fresh-inventory.ts";
import { checkRequestId, checkText } from "../validation/fields.ts";
import { hostName, planName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readHostFilter, readName, readNamed } from "./read-fields.ts";

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
  createPlan: {
    role: "operator",
    call: async (request, context) => {
      const wanted = readCreate(request);
      await awaitFreshInventory(parts, wanted.host);
      return mutate(parts, {
        context,
        request,
        requestType: CreatePlanRequest,
        responseType: Plan,
        work: async (tx) => toProtoPlan(await createPlan(parts, tx, wanted)),
      });
    },
  },
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
      const page = parts.pager.pageOf(request, filter);
      const { items, next } = await parts.store.reads.plans.list({ ...page, host });
      return { plans: items.map(toProtoPlan), nextPageToken: parts.pager.tokenOf(next, filter) };
    },
  },
  applyPlan: {
    role: "operator",
    call: async (request, context) => {
      const id = readNamed(request, planName);
      return mutate(parts, {
        context,
        request,
        requestType: ApplyPlanRequest,
        responseType: Job,
        work: async (tx) => toProtoJob(await applyPlan(parts, tx, { id, etag: request.etag })),
      });
    },
  },
  watchPlans: {
    role: "viewer",
    stream: async function* ({ resumeToken }, context) {
      const items = watchRecords(parts, {
        context,
        kind: "plans",
        resumeToken,
        filter: {},
        list: (reads) => listAll((page) => reads.plans.list(page), SNAPSHOT_MAX),
      });
      yield* toWatchEvents(items, (item) => ({ plan: toProtoPlan(item) }));
    },
  },
});
