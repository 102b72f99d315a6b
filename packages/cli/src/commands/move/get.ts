import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { moveView } from "../../views/move.ts";

export const verb = defineVerb<Record<string, never>>({
  configure: (command) => {
    command.argument("<move>");
  },
  run: async ({ context, args: [move = ""] }) => {
    const { moves } = await context.client();
    await printOne(context, moveView, await moves.getMove({ name: resourceName("moves", move) }));
    return undefined;
  },
});
