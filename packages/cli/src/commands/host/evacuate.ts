import type { EvacuateHostRequest } from "@switchyard/client";
import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { parseInteger } from "../../input/pairs.ts";
import { confirm } from "../../output/confirm.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { concludeEvacuation } from "../move/follow.ts";

interface Options extends MutationOptions {
  readonly reason?: string;
  readonly parallel?: string;
  readonly fenced?: boolean;
  readonly newDisk?: boolean;
}

function requestOf(host: string, options: Options): Omit<EvacuateHostRequest, "validateOnly"> {
  return {
    name: resourceName("hosts", host),
    reason: options.reason ?? "",
    parallelCount: options.parallel === undefined ? 0 : parseInteger(options.parallel),
    isFenced: options.fenced === true,
    hasNewDisks: options.newDisk === true,
    requestId: requestIdOf(options),
  };
}

/** Shows where each VM would go before it asks: every VM that moves is down meanwhile. */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<host>")
      .option("--reason <text>", "shown to whoever wonders why the host is cordoned")
      .option("--parallel <n>", "VMs under way at once, 1 to 16; default 2")
      .option("--fenced", "the host was fenced: its VMs start elsewhere, its disks stay")
      .option("--new-disk", "with --fenced: VMs get disks made anew from their images");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [host = ""], options }) => {
    const { moves } = await context.client();
    const request = requestOf(host, options);
    const told = await moves.evacuateHost({ ...request, validateOnly: true });
    if (options.dryRun === true) return concludeEvacuation(context, told, options);
    for (const { vm, targetHost } of told.moves) {
      context.talk(`${shortName(vm)}  to ${shortName(targetHost)}`);
    }
    const loss = options.newDisk === true ? "; what their disks hold stays on the lost host" : "";
    const summary = `Stop ${told.moves.length} VMs of ${shortName(request.name)} and start them elsewhere${loss}`;
    if (told.moves.length > 0 && !(await confirm(context, { summary }, options.yes))) {
      return undefined;
    }
    const answer = await moves.evacuateHost({ ...request, validateOnly: false });
    return concludeEvacuation(context, answer, options);
  },
});
