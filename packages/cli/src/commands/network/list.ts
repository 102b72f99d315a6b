import { ChangeType, NetworkChange, watch } from "@switchyard/client";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { defineVerb } from "../../verb.ts";
import { networkView } from "../../views/network.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

export const verb = defineVerb<ListOptions>({
  configure: (command) => addListOptions(command, { watch: true }),
  run: async ({ context, options }) => {
    const { networks } = await context.client();
    if (options.watch) {
      const request = { resumeToken: options.resume ?? "" };
      return printChanges(context, networkView, {
        items: watch(networks.watchNetworks, request, { signal: context.io.signal }),
        show: (change) =>
          change.network && {
            type: enumWord(ChangeType, change.type),
            item: change.network,
            json: NetworkChange.toJSON(change),
          },
      });
    }
    const items = await collectItems(
      (page) => networks.listNetworks(page),
      (page) => page.networks,
      options,
    );
    await printList(context, networkView, items);
    return undefined;
  },
});
