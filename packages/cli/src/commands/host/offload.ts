import { resourceName } from "../../input/names.ts";
import { collect, parseLabels } from "../../input/pairs.ts";
import { printList, printOne } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { offloadView } from "../../views/offload.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

interface Options extends ListOptions {
  readonly label?: readonly string[];
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("[host]", "look at this host now, and say why flows are not in hardware")
      .option("-l, --label <key=value>", "only hosts with this label; may be repeated", collect);
    addListOptions(command, { watch: false });
  },
  run: async ({ context, args: [host], options }) => {
    const { diagnosis } = await context.client();
    if (host !== undefined) {
      if (options.label !== undefined)
        throw new UsageError("a host and --label exclude each other");
      const name = resourceName("hosts", host);
      await printOne(context, offloadView, await diagnosis.getHostOffload({ host: name }));
      return undefined;
    }
    const labelSelector = parseLabels(options.label);
    const items = await collectItems(
      (page) => diagnosis.listHostOffloads({ ...page, labelSelector }),
      (page) => page.hostOffloads,
      options,
    );
    await printList(context, offloadView, items);
    return undefined;
  },
});
