import type { Rollout, SwitchyardClient } from "@switchyard/client";
import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb, type Verb } from "../../verb.ts";
import { rolloutView } from "../../views/rollout.ts";

interface Options extends MutationOptions {
  readonly reason: string;
}

type Call = (request: {
  readonly name: string;
  readonly reason: string;
  readonly requestId: string;
}) => Promise<Rollout>;

/** A verb that does something to a rollout and must say why. */
export const steeringVerb = (methodOf: (rollouts: SwitchyardClient["rollouts"]) => Call): Verb =>
  defineVerb<Options>({
    configure: (command) => {
      command.argument("<rollout>").requiredOption("--reason <text>", "why; goes into the audit");
      addMutationOptions(command, { dryRun: false, wait: false });
    },
    run: async ({ context, args: [rollout = ""], options }) => {
      const { rollouts } = await context.client();
      const steered = await methodOf(rollouts)({
        name: resourceName("rollouts", rollout),
        reason: options.reason,
        requestId: requestIdOf(options),
      });
      await printOne(context, rolloutView, steered);
      return undefined;
    },
  });
