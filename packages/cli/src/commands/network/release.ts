import { addMutationOptions, type MutationOptions } from "../../input/mutation.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { changeReservations } from "./change-reservations.ts";

export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<network>").argument("<address>", "given back to the pool");
    addMutationOptions(command, { dryRun: false, wait: false });
  },
  run: async ({ context, args: [network = "", address = ""], options }) => {
    await changeReservations(context, options, {
      network,
      next: (present) => {
        const kept = present.filter((each) => each.address !== address);
        if (kept.length < present.length) return kept;
        throw new UsageError(`${address} is not reserved in ${network}`);
      },
    });
    return undefined;
  },
});
