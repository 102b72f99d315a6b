import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { fleetView } from "../../views/fleet.ts";

interface Options extends MutationOptions {
  readonly reason: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command.requiredOption("--reason <text>", "why; goes into the audit");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, options }) => {
    const { fleet } = await context.client();
    const unfrozen = await fleet.unfreezeFleet({
      reason: options.reason,
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, fleetView, unfrozen);
    if (options.dryRun === true) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});
