import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { defineVerb } from "../../verb.ts";
import { followVm } from "./vm-job.ts";

export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<vm>", "stopped or failed");
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name = ""], options }) => {
    const { vms } = await context.client();
    const vm = await vms.startVm({
      name: resourceName("vms", name),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    return followVm(context, vm, options);
  },
});
