import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { defineVerb } from "../../verb.ts";
import { addStopOptions, followVm, type StopOptions, stopOf } from "./vm-job.ts";

export const verb = defineVerb<StopOptions & MutationOptions>({
  configure: (command) => {
    addStopOptions(command.argument("<vm>"));
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name = ""], options }) => {
    const { vms } = await context.client();
    const vm = await vms.stopVm({
      ...stopOf(options),
      name: resourceName("vms", name),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    return followVm(context, vm, options);
  },
});
