import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { printOne } from "../../output/print.ts";
import { count, shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { networkView } from "../../views/network.ts";

export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<network>");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [network = ""], options }) => {
    const { networks } = await context.client();
    const name = resourceName("networks", network);
    const old = await networks.getNetwork({ name });
    const summary = `Delete network ${shortName(name)}, used by ${count(old.allocatedAddressCount, "VM")}`;
    const validateOnly = options.dryRun === true;
    if (!validateOnly && !(await confirm(context, { summary }, options.yes))) return undefined;
    const request = { name, etag: old.etag, requestId: requestIdOf(options), validateOnly };
    await printOne(context, networkView, await networks.deleteNetwork(request));
    context.talk(validateOnly ? DRY_RUN_NOTE : `${name} deleted`);
    return undefined;
  },
});
