import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { methodWords } from "../../views/move.ts";
import { vmView, vmViewWith } from "../../views/vm.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<vm>");
  },
  run: async ({ context, args: [vm = ""] }) => {
    const { vms, moves } = await context.client();
    const found = await vms.getVm({ name: resourceName("vms", vm) });
    if (context.settings.output !== "table") {
      await printOne(context, vmView, found);
      return undefined;
    }
    const { method } = await moves.getMigrationCapability({ vm: found.name });
    await printOne(context, vmViewWith(methodWords(method)), found);
    return undefined;
  },
});
