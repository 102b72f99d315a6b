import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { experimentView } from "../../views/experiment.ts";
import { followExperiment } from "./follow-experiment.ts";

interface Options extends MutationOptions {
  readonly reason: string;
  readonly abandonHosts?: boolean;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<experiment>")
      .requiredOption("--reason <text>", "why; goes into the audit")
      .option("--abandon-hosts", "end at once and leave its hosts as they are");
    addMutationOptions(command, { dryRun: false, wait: true });
  },
  run: async ({ context, args: [experiment = ""], options }) => {
    const { experiments } = await context.client();
    const cancelled = await experiments.cancelExperiment({
      name: resourceName("experiments", experiment),
      reason: options.reason,
      requestId: requestIdOf(options),
      abandonHosts: options.abandonHosts === true,
    });
    if (options.wait !== false && options.abandonHosts !== true) {
      await followExperiment(context, cancelled.name);
      return undefined;
    }
    await printOne(context, experimentView, cancelled);
    return undefined;
  },
});
