import { MigrationCapability } from "@switchyard/client";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { formatCapability, methodWords } from "../../views/move.ts";

export const verb = defineVerb<Record<string, never>>({
  configure: (command) => {
    command.argument("<vm>");
  },
  run: async ({ context, args: [vm = ""] }) => {
    const { moves } = await context.client();
    const capability = await moves.getMigrationCapability({ vm: resourceName("vms", vm) });
    await printOne(
      context,
      {
        plural: "migration-capabilities",
        toJson: MigrationCapability.toJSON,
        nameOf: (each) => each.vm,
        columns: [{ header: "MOVES", cell: ({ method }) => methodWords(method) }],
        describe: formatCapability,
      },
      capability,
    );
    return undefined;
  },
});
