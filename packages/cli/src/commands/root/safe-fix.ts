import {
  type CheckResult,
  CheckStatus,
  type DiagnosisReport,
  Disruption,
  JobState,
  type Plan,
  PlanGoal,
  PlanState,
  SafeFix,
} from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { confirm } from "../../output/confirm.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { disruptionWord } from "../../views/kinds.ts";
import { planView, summarizePlan } from "../../views/plan.ts";

export type FixOutcome =
  | { readonly kind: "nothing-to-do" }
  | { readonly kind: "mended" }
  | { readonly kind: "ended"; readonly code: ExitCode };

const ended = (code: ExitCode): FixOutcome => ({ kind: "ended", code });

/**
 * Mends what checks marked as safe to mend: makes the plan of the host's profile, shows it, and applies it
 * only where it disturbs nothing and takes no VM's NIC.
 */
export async function fixSafely(
  context: Context,
  report: DiagnosisReport,
  options: MutationOptions,
): Promise<FixOutcome> {
  const fixable = report.results.filter(({ safeFix }) => safeFix === SafeFix.APPLY_PROFILE);
  if (fixable.length === 0) {
    context.talk("nothing here has a safe fix");
    return { kind: "nothing-to-do" };
  }
  context.talk(`safe to mend: ${fixable.map(({ id }) => id).join(", ")}`);
  const others = report.results.filter((result) => isBad(result) && !fixable.includes(result));
  if (others.length > 0) {
    context.talk(`not touched, for you to mend: ${others.map(({ id }) => id).join(", ")}`);
  }
  const { plans } = await context.client();
  const id = requestIdOf(options);
  const plan = await plans.createPlan({
    host: report.subject,
    goal: PlanGoal.APPLY_PROFILE,
    requestId: `${id}.plan`,
  });
  context.io.stderr.write(planView.describe(plan, context.talkStyle));
  const refusal = refusalOf(plan);
  if (refusal !== undefined) {
    context.talk(refusal);
    return plan.state === PlanState.EMPTY
      ? { kind: "nothing-to-do" }
      : ended(EXIT_CODES.precondition.code);
  }
  const summary = `Mend: ${summarizePlan(plan)}`;
  if (!(await confirm(context, { summary }, options.yes))) return ended(EXIT_CODES.ok.code);
  const job = await plans.applyPlan({ name: plan.name, etag: plan.etag, requestId: `${id}.apply` });
  const done = await followJob(context, job.name);
  if (done?.state === JobState.SUCCEEDED) return { kind: "mended" };
  return ended(await concludeJob(context, done, async () => undefined));
}

const isBad = ({ status }: CheckResult): boolean =>
  status === CheckStatus.FAIL || status === CheckStatus.WARN;

function refusalOf(plan: Plan): string | undefined {
  const byHand = `review it, then: swy plan apply ${shortName(plan.name)} --etag ${plan.etag}`;
  if (plan.state === PlanState.EMPTY) return "the host's profile leaves nothing to do";
  if (plan.state === PlanState.BLOCKED) return "findings block the plan; mend them first";
  if (plan.disruption !== Disruption.NONE) {
    return `not applied: it would cost ${disruptionWord(plan.disruption)}, which is not safe; ${byHand}`;
  }
  if (plan.affectedVms.length > 0) {
    return `not applied: it would hit ${plan.affectedVms.map(shortName).join(", ")}; ${byHand}`;
  }
  return undefined;
}
