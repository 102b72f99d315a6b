import { MoveMode } from "@switchyard/client";
import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { shortName } from "../../output/values.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { concludeMoves } from "../move/follow.ts";

interface Options extends MutationOptions {
  readonly to?: string;
  readonly live?: boolean;
  readonly cold?: boolean;
}

function modeOf({ live = false, cold = false }: Options): MoveMode {
  if (live && cold) throw new UsageError("--live and --cold exclude each other");
  return live ? MoveMode.LIVE : cold ? MoveMode.COLD : MoveMode.BEST;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>")
      .option("--to <host>", "host it goes to; default: placement chooses")
      .option("--live", "while it runs, or not at all; default: live where it can, else cold")
      .option("--cold", "stopped for the move");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [vm = ""], options }) => {
    const { moves } = await context.client();
    const request = {
      vm: resourceName("vms", vm),
      targetHost: options.to === undefined ? "" : resourceName("hosts", options.to),
      mode: modeOf(options),
      requestId: requestIdOf(options),
    };
    const told = await moves.moveVm({ ...request, validateOnly: true });
    if (options.dryRun === true) return concludeMoves(context, [told], options);
    const [name, host] = [shortName(told.vm), shortName(told.targetHost)];
    const summary = told.isLive
      ? `Move ${name} to ${host} while it runs`
      : `Stop ${name} and start it on ${host}`;
    if (!(await confirm(context, { summary }, options.yes))) return undefined;
    const move = await moves.moveVm({ ...request, validateOnly: false });
    return concludeMoves(context, [move], options);
  },
});
