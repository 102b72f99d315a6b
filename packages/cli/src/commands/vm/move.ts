import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { concludeMoves } from "../move/follow.ts";

interface Options extends MutationOptions {
  readonly to?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command.argument("<vm>").option("--to <host>", "host it goes to; default: placement chooses");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [vm = ""], options }) => {
    const { moves } = await context.client();
    const request = {
      vm: resourceName("vms", vm),
      targetHost: options.to === undefined ? "" : resourceName("hosts", options.to),
      requestId: requestIdOf(options),
    };
    const told = await moves.moveVm({ ...request, validateOnly: true });
    if (options.dryRun === true) return concludeMoves(context, [told], options);
    const summary = `Stop ${shortName(told.vm)} and start it on ${shortName(told.targetHost)}`;
    if (!(await confirm(context, { summary }, options.yes))) return undefined;
    const move = await moves.moveVm({ ...request, validateOnly: false });
    return concludeMoves(context, [move], options);
  },
});
