import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<job>");
  },
  run: async ({ context, args: [job = ""] }) => {
    const { jobs } = await context.client();
    const name = resourceName("jobs", job);
    await printOne(context, jobView, await jobs.getJob({ name }));
    return undefined;
  },
});
