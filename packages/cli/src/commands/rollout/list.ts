import { ChangeType, RolloutChangeEvent, watch } from "@switchyard/client";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { defineVerb } from "../../verb.ts";
import { rolloutView } from "../../views/rollout.ts";
import { tellFreeze } from "../fleet/tell-freeze.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

export const verb = defineVerb<ListOptions>({
  configure: (command) => addListOptions(command, { watch: true }),
  run: async ({ context, options }) => {
    const { rollouts } = await context.client();
    if (options.watch) {
      const request = { resumeToken: options.resume ?? "" };
      return printChanges(context, rolloutView, {
        items: watch(rollouts.watchRollouts, request, { signal: context.io.signal }),
        show: (change) =>
          change.rollout && {
            type: enumWord(ChangeType, change.type),
            item: change.rollout,
            json: RolloutChangeEvent.toJSON(change),
          },
      });
    }
    const items = await collectItems(
      (page) => rollouts.listRollouts(page),
      (page) => page.rollouts,
      options,
    );
    await printList(context, rolloutView, items);
    await tellFreeze(context);
    return undefined;
  },
});
