import { ChangeType, PlanChange, watch } from "@switchyard/client";
import { resourceName } from "../../input/names.ts";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { defineVerb } from "../../verb.ts";
import { planView } from "../../views/plan.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

export const verb = defineVerb<ListOptions & { readonly host?: string }>({
  configure: (command) => {
    command.option("--host <host>", "only plans of this host");
    addListOptions(command, { watch: true });
  },
  run: async ({ context, options }) => {
    const { plans } = await context.client();
    const host = options.host === undefined ? "" : resourceName("hosts", options.host);
    if (options.watch) {
      const request = { resumeToken: options.resume ?? "" };
      return printChanges(context, planView, {
        items: watch(plans.watchPlans, request, { signal: context.io.signal }),
        show: (change) =>
          change.plan === undefined || (host !== "" && change.plan.host !== host)
            ? undefined
            : {
                type: enumWord(ChangeType, change.type),
                item: change.plan,
                json: PlanChange.toJSON(change),
              },
      });
    }
    const items = await collectItems(
      (page) => plans.listPlans({ ...page, host }),
      (page) => page.plans,
      options,
    );
    await printList(context, planView, items);
    return undefined;
  },
});
