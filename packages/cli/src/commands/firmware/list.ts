import { collect, parseLabels } from "../../input/pairs.ts";
import { printList } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { cardsOf, cardView } from "../../views/card.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

interface Options extends ListOptions {
  readonly label?: readonly string[];
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command.option(
      "-l, --label <key=value>",
      "only cards of hosts with this label; may be repeated",
      collect,
    );
    addListOptions(command, { watch: false });
  },
  run: async ({ context, options }) => {
    const labelSelector = parseLabels(options.label);
    const { hosts } = await context.client();
    const items = await collectItems(
      (page) => hosts.listHosts({ ...page, labelSelector }),
      (page) => page.hosts,
      options,
    );
    await printList(context, cardView, items.flatMap(cardsOf));
    return undefined;
  },
});
