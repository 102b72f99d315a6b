import { Network, NetworkSpec } from "@switchyard/client";
import { readNamedFile } from "../../context.ts";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { parseSpecText, readMerged } from "../../input/spec-file.ts";
import { printOne } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { networkView } from "../../views/network.ts";
import {
  addNetworkSpecOptions,
  type NetworkSpecOptions,
  networkMaskOfFlags,
  networkSpecOfFlags,
} from "./network-spec.ts";

interface Options extends NetworkSpecOptions, MutationOptions {
  readonly etag?: string;
}

/** A file replaces the whole spec; flags without a file change the fields they name. */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command.argument("<network>");
    addNetworkSpecOptions(command);
    command.option("--etag <etag>", "only if the network is still the one with this etag");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [network = ""], options }) => {
    const { file } = options;
    const ofFlags = networkSpecOfFlags(options);
    const updateMask = file === undefined ? [...networkMaskOfFlags(options)] : ["spec"];
    if (updateMask.length === 0) throw new UsageError("say what shall change: a flag or --file");
    const ofFile =
      file === undefined
        ? {}
        : parseSpecText(await readNamedFile(context.io, file, "--file"), file);
    const spec = readMerged(NetworkSpec, { ofFile, ofFlags }, file ?? "the network");
    const { networks } = await context.client();
    const updated = await networks.updateNetwork({
      network: Network.fromPartial({
        name: resourceName("networks", network),
        etag: options.etag ?? "",
        spec,
      }),
      updateMask,
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, networkView, updated);
    if (options.dryRun) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});
