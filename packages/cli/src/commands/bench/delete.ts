import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { count, shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";

export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<experiment>");
    addMutationOptions(command, { dryRun: false, wait: false });
  },
  run: async ({ context, args: [experiment = ""], options }) => {
    const { experiments } = await context.client();
    const name = resourceName("experiments", experiment);
    const { roundsDone } = await experiments.getExperiment({ name });
    const summary = `Delete experiment ${shortName(name)} with ${count(roundsDone, "round")}, for good`;
    if (!(await confirm(context, { summary }, options.yes))) return undefined;
    await experiments.deleteExperiment({ name, requestId: requestIdOf(options) });
    context.talk(`${name} deleted`);
    return undefined;
  },
});
