import { Network, NetworkSpec } from "@switchyard/client";
import { readNamedFile } from "../../context.ts";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceId } from "../../input/names.ts";
import { parsePool } from "../../input/pairs.ts";
import { parseSpecText, readMerged } from "../../input/spec-file.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { networkView } from "../../views/network.ts";

interface Options extends MutationOptions {
  readonly file?: string;
  readonly bridge?: string;
  readonly subnet?: string;
  readonly ips?: string;
  readonly macs?: string;
}

/** @throws UsageError */
export const networkSpecOfFlags = (options: Options): Record<string, unknown> => ({
  ...(options.bridge !== undefined && { bridge: options.bridge }),
  ...(options.subnet !== undefined && { subnet: options.subnet }),
  ...(options.ips !== undefined && { ipPool: parsePool(options.ips) }),
  ...(options.macs !== undefined && { macPool: parsePool(options.macs) }),
});

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<network>", "its name")
      .option("-f, --file <file>", "spec in YAML or JSON, - for standard input; flags override it")
      .option("--bridge <name>", "OVS bridge that carries it on every host")
      .option("--subnet <cidr>", "such as 192.168.101.0/24")
      .option("--ips <first-last>", "addresses for VMs")
      .option("--macs <first-last>", "MAC addresses for VMs");
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
