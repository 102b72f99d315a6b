import { ChangeType, ExperimentChangeEvent, watch } from "@switchyard/client";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { defineVerb } from "../../verb.ts";
import { experimentView } from "../../views/experiment.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

export const verb = defineVerb<ListOptions>({
  configure: (command) => addListOptions(command, { watch: true }),
  run: async ({ context, options }) => {
    const { experiments } = await context.client();
    if (options.watch) {
      const request = { resumeToken: options.resume ?? "" };
      return printChanges(context, experimentView, {
        items: watch(experiments.watchExperiments, request, { signal: context.io.signal }),
        show: (change) =>
          change.experiment && {
            type: enumWord(ChangeType, change.type),
            item: change.experiment,
            json: ExperimentChangeEvent.toJSON(change),
          },
      });
    }
    const items = await collectItems(
      (page) => experiments.listExperiments(page),
      (page) => page.experiments,
      options,
    );
    await printList(context, experimentView, items);
    return undefined;
  },
});
