import { ApiError } from "@switchyard/client";
import { commandLines, vdpaDatapath } from "@switchyard/dev/main-job";
import { JobState, type Plan, PlanGoal, PlanState, type ProfileSpec } from "@switchyard/proto";
import type { LabContext } from "../context.ts";
import { verifyApplied, verifyNothingLeft } from "../outside-checks.ts";
import { planHost } from "../plan-host.ts";

export const BRIDGE = "cxbr0";
export const BRIDGE_ADDRESS = "192.168.101.2";
export const PROFILE = "vdpa";

/** The profile of the demo, made the first time it is asked for. */
export async function ensureProfile({ labHost, job, stack }: LabContext): Promise<void> {
  const name = `profiles/${PROFILE}`;
  const found = await stack.client.profiles.getProfile({ name }).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === "NOT_FOUND") return undefined;
    throw error;
  });
  if (found !== undefined) return;
  const bridgeAddresses = { first: BRIDGE_ADDRESS, last: "192.168.101.19" };
  const vfCount = labHost.topology.vfs.length;
  const datapath = vdpaDatapath({ vfCount, maxVqp: 16, bridgeAddresses });
  await job.createProfile(PROFILE, datapath, { role: "vm-host" });
}

/** The plan that brings the host to the profile. */
export async function planProfile(context: LabContext): Promise<Plan> {
  await ensureProfile(context);
  return planHost(context, PlanGoal.APPLY_PROFILE);
}

/**
 * Puts another spec into the profile.
 *
 * @returns what puts the one before back
 */
export async function changeSpec(
  { stack }: LabContext,
  change: (spec: ProfileSpec) => ProfileSpec,
): Promise<() => Promise<void>> {
  const { profiles } = stack.client;
  const put = async (changed: (spec: ProfileSpec) => ProfileSpec) => {
    const profile = await profiles.getProfile({ name: `profiles/${PROFILE}` });
    if (profile.spec === undefined) throw new RangeError(`${PROFILE} has no spec`);
    await profiles.updateProfile({ profile: { ...profile, spec: changed(profile.spec) } });
    return profile.spec;
  };
  const before = await put(change);
  return async () => {
    await put(() => before);
  };
}

/** Brings the host to the profile where it is not yet. */
export async function ensureProfileApplied(context: LabContext): Promise<void> {
  const { report, job } = context;
  const plan = await planProfile(context);
  if (plan.state === PlanState.EMPTY) return;
  report.part("The profile of the demo is applied");
  const { state, stepsDoneCount } = await job.apply(plan);
  report.verify(state === JobState.SUCCEEDED, `applied, ${stepsDoneCount} steps`);
}

/** Asks for a plan again, which must be empty, and looks at the host from outside. */
export async function verifyProfileApplied(context: LabContext): Promise<void> {
  const { report, labHost } = context;
  const again = await planProfile(context);
  if (again.state !== PlanState.EMPTY) report.show(commandLines(again).join("\n"));
  report.verify(again.state === PlanState.EMPTY, "a second plan is empty");
  await verifyApplied(labHost, report);
}

/** Takes away whatever the parts before have made. */
export async function tearDown(context: LabContext): Promise<void> {
  const { report, job, labHost } = context;
  report.part("The host is torn down");
  const plan = await planHost(context, PlanGoal.TEAR_DOWN);
  if (plan.state !== PlanState.EMPTY) {
    const { state, stepsDoneCount } = await job.apply(plan);
    report.verify(state === JobState.SUCCEEDED, `torn down, ${stepsDoneCount} steps`);
  }
  await verifyNothingLeft(labHost, report);
}
