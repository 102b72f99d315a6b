import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { vmView } from "../../views/vm.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<vm>");
  },
  run: async ({ context, args: [vm = ""] }) => {
    const { vms } = await context.client();
    await printOne(context, vmView, await vms.getVm({ name: resourceName("vms", vm) }));
    return undefined;
  },
});
