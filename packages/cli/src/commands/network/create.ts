import { Network, NetworkSpec } from "@switchyard/client";
import { readNamedFile } from "../../context.ts";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceId } from "../../input/names.ts";
import { parseSpecText, readMerged } from "../../input/spec-file.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { networkView } from "../../views/network.ts";
import {
  addNetworkSpecOptions,
  type NetworkSpecOptions,
  networkSpecOfFlags,
} from "./network-spec.ts";

type Options = NetworkSpecOptions & MutationOptions;

export const verb = defineVerb<Options>({
  configure: (command) => {
    command.argument("<network>", "its name");
    addNetworkSpecOptions(command);
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [network = ""], options }) => {
    const networkId = resourceId("networks", network);
    const { file } = options;
    const ofFile =
      file === undefined
        ? {}
        : parseSpecText(await readNamedFile(context.io, file, "--file"), file);
    const ofFlags = networkSpecOfFlags(options);
    const spec = readMerged(NetworkSpec, { ofFile, ofFlags }, file ?? "the network");
    const { networks } = await context.client();
    const created = await networks.createNetwork({
      networkId,
      network: Network.fromPartial({ spec }),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, networkView, created);
    if (options.dryRun) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});
