import { Experiment, systemTiming } from "@switchyard/client";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceId } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { experimentView } from "../../views/experiment.ts";
import { followExperiment } from "./follow-experiment.ts";
import { addRunOptions, experimentSpecOf, type RunOptions } from "./run-spec.ts";

/** Names that nobody chose: by the minute, which people can tell apart. */
const nameOf = (now: Date): string =>
  `bench-${now.toISOString().slice(2, 19).replaceAll(/[-:]/g, "").replace("T", "-")}`;

export const verb = defineVerb<RunOptions & MutationOptions>({
  configure: (command) => {
    command.argument("[experiment]", "its name; default by date and time");
    addRunOptions(command);
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name], options }) => {
    const { experiments } = await context.client();
    const experiment = await experiments.createExperiment({
      experimentId: resourceId("experiments", name ?? nameOf(new Date(systemTiming.nowMs()))),
      experiment: Experiment.fromPartial({ spec: experimentSpecOf(options) }),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    if (options.dryRun || options.wait === false) {
      await printOne(context, experimentView, experiment);
      context.talk(
        options.dryRun ? DRY_RUN_NOTE : `look at it: swy bench get ${shortName(experiment.name)}`,
      );
      return undefined;
    }
    return followExperiment(context, experiment.name);
  },
});
