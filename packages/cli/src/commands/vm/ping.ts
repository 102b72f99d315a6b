import type { Job } from "@switchyard/client";
import { EXIT_CODES } from "../../exit-codes.ts";
import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { parseInteger } from "../../input/pairs.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { concludeJob, followJob } from "../../output/waiting.ts";
import { defineVerb } from "../../verb.ts";
import { jobView } from "../../views/job.ts";

interface Options extends MutationOptions {
  readonly target: string;
  readonly count?: string;
}

/** Exit code 1 also when the job went well and no ping came back. */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>", "VM whose guest sends the pings")
      .requiredOption("--target <address>", "IPv4 address to ping")
      .option("--count <n>", "pings to send, 1 to 100; default 3");
    addMutationOptions(command, { dryRun: false, wait: true });
  },
  run: async ({ context, args: [vm = ""], options }) => {
    const { vms } = await context.client();
    const job = await vms.pingFromVm({
      name: resourceName("vms", vm),
      target: options.target,
      count: options.count === undefined ? 0 : parseInteger(options.count),
      requestId: requestIdOf(options),
    });
    if (options.wait === false) {
      await printOne(context, jobView, job);
      context.talk(`follow it: swy job watch ${shortName(job.name)}`);
      return undefined;
    }
    const ended = await followJob(context, job.name);
    const code = await concludeJob(context, ended, (done) => printOne(context, jobView, done));
    return code === EXIT_CODES.ok.code && isUnanswered(ended) ? EXIT_CODES.failed.code : code;
  },
});

const isUnanswered = (job: Job | undefined): boolean => job?.result?.ping?.receivedCount === 0;
