import { type Plan, PlanState } from "@switchyard/client";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm, type Question } from "../../output/confirm.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";
import { summarizePlan } from "../../views/plan.ts";

interface Options extends MutationOptions {
  readonly etag?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<plan>")
      .option("--etag <etag>", "of the plan as it was reviewed; as `swy plan create` printed it");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name = ""], options }) => {
    const { plans } = await context.client();
    const plan = await plans.getPlan({ name: resourceName("plans", name) });
    const isDryRun = options.dryRun === true;
    if (!isDryRun && !(await confirm(context, questionOf(plan), options.yes))) return undefined;
    const job = await plans.applyPlan({
      name: plan.name,
      etag: options.etag ?? plan.etag,
      requestId: requestIdOf(options),
      validateOnly: isDryRun,
    });
    if (isDryRun || options.wait === false) {
      await printOne(context, jobView, job);
      context.talk(isDryRun ? DRY_RUN_NOTE : `follow it: swy job watch ${shortName(job.name)}`);
      return undefined;
    }
    context.talk(`${job.name} on ${shortName(job.host)}`);
    const ended = await followJob(context, job.name);
    return concludeJob(context, ended, (done) => printOne(context, jobView, done));
  },
});

/** A teardown takes away what can't simply be put back, so the host's name is to be typed. */
function questionOf(plan: Plan): Question {
  const isTeardown = plan.profile === "";
  const summary = `${isTeardown ? "Tear down" : "Apply"}: ${summarizePlan(plan)}`;
  return isTeardown && plan.state !== PlanState.EMPTY
    ? { summary, typed: shortName(plan.host) }
    : { summary };
}
