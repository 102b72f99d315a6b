import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";

/** The job stops at its next step boundary. */
export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<job>");
    addMutationOptions(command, { dryRun: false, wait: false });
  },
  run: async ({ context, args: [job = ""], options }) => {
    const { jobs } = await context.client();
    const name = resourceName("jobs", job);
    const cancelled = await jobs.cancelJob({ name, requestId: requestIdOf(options) });
    await printOne(context, jobView, cancelled);
    return undefined;
  },
});
