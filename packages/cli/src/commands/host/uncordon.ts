import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { hostView } from "../../views/host.ts";

export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<host>");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [host = ""], options }) => {
    const { moves } = await context.client();
    const open = await moves.uncordonHost({
      name: resourceName("hosts", host),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, hostView, open);
    if (options.dryRun === true) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});
