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

interface Options extends MutationOptions {
  readonly reason?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command.argument("<host>").option("--reason <text>", "shown to whoever wonders");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [host = ""], options }) => {
    const { moves } = await context.client();
    const cordoned = await moves.cordonHost({
      name: resourceName("hosts", host),
      reason: options.reason ?? "cordoned",
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, hostView, cordoned);
    if (options.dryRun === true) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});
