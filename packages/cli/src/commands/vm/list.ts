import { ChangeType, VmChange, watch } from "@switchyard/client";
import { resourceName } from "../../input/names.ts";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { defineVerb } from "../../verb.ts";
import { vmView } from "../../views/vm.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

export const verb = defineVerb<ListOptions & { readonly host?: string }>({
  configure: (command) => {
    command.option("--host <host>", "only VMs on this host");
    addListOptions(command, { watch: true });
  },
  run: async ({ context, options }) => {
    const { vms } = await context.client();
    const host = options.host === undefined ? "" : resourceName("hosts", options.host);
    if (options.watch) {
      const request = { resumeToken: options.resume ?? "" };
      return printChanges(context, vmView, {
        items: watch(vms.watchVms, request, { signal: context.io.signal }),
        show: (change) =>
          change.vm === undefined || (host !== "" && change.vm.allocation?.host !== host)
            ? undefined
            : {
                type: enumWord(ChangeType, change.type),
                item: change.vm,
                json: VmChange.toJSON(change),
              },
      });
    }
    const items = await collectItems(
      (page) => vms.listVms({ ...page, host }),
      (page) => page.vms,
      options,
    );
    await printList(context, vmView, items);
    return undefined;
  },
});
