import { resourceName } from "../../input/names.ts";
import { printList } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { moveView } from "../../views/move.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

interface Options extends ListOptions {
  readonly host?: string;
  readonly vm?: string;
  readonly live?: boolean;
}

/** Ended moves are many; the newest are of interest. */
const LIMIT_DEFAULT = 50;

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .option("--host <host>", "only from this host or to it")
      .option("--vm <vm>", "only of this VM")
      .option("--live", "only those that have not ended");
    addListOptions(command, { watch: false });
  },
  run: async ({ context, options }) => {
    const { moves } = await context.client();
    const filter = {
      host: options.host === undefined ? "" : resourceName("hosts", options.host),
      vm: options.vm === undefined ? "" : resourceName("vms", options.vm),
      liveOnly: options.live === true,
    };
    const items = await collectItems(
      (page) => moves.listMoves({ ...filter, ...page }),
      (page) => page.moves,
      { ...options, limitDefault: LIMIT_DEFAULT },
    );
    await printList(context, moveView, items);
    return undefined;
  },
});
