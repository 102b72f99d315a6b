import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";

/** Follows a job to its end; the exit code tells how it ended. */
export const verb = defineVerb({
  configure: (command) => {
    command.argument("<job>");
  },
  run: async ({ context, args: [job = ""] }) => {
    const ended = await followJob(context, resourceName("jobs", job));
    return concludeJob(context, ended, (job) => printOne(context, jobView, job));
  },
});
