import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { networkView } from "../../views/network.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<network>");
  },
  run: async ({ context, args: [network = ""] }) => {
    const { networks } = await context.client();
    const name = resourceName("networks", network);
    await printOne(context, networkView, await networks.getNetwork({ name }));
    return undefined;
  },
});
