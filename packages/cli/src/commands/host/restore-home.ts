import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { parseInteger } from "../../input/pairs.ts";
import { confirm } from "../../output/confirm.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { concludeEvacuation } from "../move/follow.ts";

interface Options extends MutationOptions {
  readonly parallel?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<host>")
      .option("--parallel <n>", "VMs under way at once, 1 to 16; default 2");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [host = ""], options }) => {
    const { moves } = await context.client();
    const request = {
      name: resourceName("hosts", host),
      parallelCount: options.parallel === undefined ? 0 : parseInteger(options.parallel),
      requestId: requestIdOf(options),
    };
    const told = await moves.restoreHome({ ...request, validateOnly: true });
    if (options.dryRun === true) return concludeEvacuation(context, told, options);
    const summary = `Stop ${told.moves.length} VMs and start them on ${shortName(request.name)}`;
    if (told.moves.length > 0 && !(await confirm(context, { summary }, options.yes))) {
      return undefined;
    }
    const answer = await moves.restoreHome({ ...request, validateOnly: false });
    return concludeEvacuation(context, answer, options);
  },
});
