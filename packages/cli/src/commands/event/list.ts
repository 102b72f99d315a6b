import { printList } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { eventView } from "../../views/event.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";
import { watchEvents } from "./watch-events.ts";

/** The audit only grows, so a list without a limit shows its end. */
const LIMIT_DEFAULT = 100;

export const verb = defineVerb<ListOptions & { readonly resource?: string }>({
  configure: (command) => {
    command.option("--resource <name>", "only events of this resource, such as hosts/r740-07");
    addListOptions(command, { watch: true });
  },
  run: async ({ context, options }) => {
    const resource = options.resource ?? "";
    if (options.watch) {
      return watchEvents(context, { resource, resumeToken: options.resume ?? "" });
    }
    const { events } = await context.client();
    const items = await collectItems(
      (page) => events.listEvents({ ...page, resource }),
      (page) => page.events,
      { ...options, limitDefault: LIMIT_DEFAULT },
    );
    await printList(context, eventView, items);
    return undefined;
  },
});
