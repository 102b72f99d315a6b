import { addMutationOptions, type MutationOptions } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { defineVerb } from "../../verb.ts";
import { changeReservations } from "./change-reservations.ts";

interface Options extends MutationOptions {
  readonly vm?: string;
}

/** Reserving anew what is reserved changes for whom. */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<network>")
      .argument("<address>", "kept out of the pool")
      .option("--vm <vm>", "the VM that is given it; none: no VM at all");
    addMutationOptions(command, { dryRun: false, wait: false });
  },
  run: async ({ context, args: [network = "", address = ""], options }) => {
    const vm = options.vm === undefined ? "" : resourceName("vms", options.vm);
    await changeReservations(context, options, {
      network,
      next: (present) => [...present.filter((each) => each.address !== address), { address, vm }],
    });
    return undefined;
  },
});
