import { collect, parseLabels } from "../../input/pairs.ts";
import { printList } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { hostView } from "../../views/host.ts";
import { tellFreeze } from "../fleet/tell-freeze.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";
import { watchHosts } from "./watch-hosts.ts";

interface Options extends ListOptions {
  readonly label?: readonly string[];
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command.option(
      "-l, --label <key=value>",
      "only hosts with this label; may be repeated",
      collect,
    );
    addListOptions(command, { watch: true });
  },
  run: async ({ context, options }) => {
    const labelSelector = parseLabels(options.label);
    if (options.watch) {
      return watchHosts(context, { labelSelector, resumeToken: options.resume ?? "" });
    }
    const { hosts } = await context.client();
    const items = await collectItems(
      (page) => hosts.listHosts({ ...page, labelSelector }),
      (page) => page.hosts,
      options,
    );
    await printList(context, hostView, items);
    await tellFreeze(context);
    return undefined;
  },
});
