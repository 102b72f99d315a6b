import { DatapathMode, PlanState } from "@switchyard/client";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";
import { planView, summarizePlan } from "../../views/plan.ts";

interface Options extends MutationOptions {
  readonly mode: string;
  readonly etag?: string;
}

const MODES: ReadonlyMap<string, DatapathMode> = new Map([
  ["vdpa", DatapathMode.VDPA],
  ["sriov", DatapathMode.SRIOV],
  ["profile", DatapathMode.UNSPECIFIED],
]);

/** @throws UsageError */
function parseMode(text: string): DatapathMode {
  const mode = MODES.get(text);
  if (mode !== undefined) return mode;
  throw new UsageError(`--mode is "${text}", but must be one of ${[...MODES.keys()].join(", ")}`);
}

/**
 * Shows the plan first and keeps nothing until it is confirmed. What is applied then is the plan that was
 * shown: another one, because the host changed meanwhile, is left for review.
 */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<host>")
      .requiredOption("--mode <mode>", "vdpa or sriov; profile: as the host's profile says")
      .option("--etag <etag>", "only if the host is still the one with this etag");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [host = ""], options }) => {
    const mode = parseMode(options.mode);
    const { hosts, plans } = await context.client();
    const name = resourceName("hosts", host);
    const requestId = requestIdOf(options);
    const change = { name, etag: options.etag ?? "", mode, requestId };
    const shown = await hosts.setDatapathMode({ ...change, validateOnly: true });
    await printOne(context, planView, shown);
    if (options.dryRun === true) {
      context.talk(DRY_RUN_NOTE);
      return undefined;
    }
    const summary = `Set mode ${options.mode}: ${summarizePlan(shown)}`;
    if (!(await confirm(context, { summary }, options.yes))) return undefined;
    const plan = await hosts.setDatapathMode({ ...change, validateOnly: false });
    if (plan.state === PlanState.EMPTY) {
      context.talk(`${shortName(name)} is in mode ${options.mode} already`);
      return undefined;
    }
    if (plan.digest !== shown.digest) {
      context.talk(`the host changed meanwhile; review: swy plan get ${shortName(plan.name)}`);
      return undefined;
    }
    const apply = { name: plan.name, etag: plan.etag, requestId: `${requestId}.apply` };
    const job = await plans.applyPlan({ ...apply, validateOnly: false });
    if (options.wait === false) {
      await printOne(context, jobView, job);
      context.talk(`follow it: swy job watch ${shortName(job.name)}`);
      return undefined;
    }
    context.talk(`${job.name} on ${shortName(job.host)}`);
    const ended = await followJob(context, job.name);
    return concludeJob(context, ended, (done) => printOne(context, jobView, done));
  },
});
