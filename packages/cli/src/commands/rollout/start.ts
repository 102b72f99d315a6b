import { Rollout } from "@switchyard/client";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceId } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { rolloutView } from "../../views/rollout.ts";
import { scopeNotes } from "../../views/rollout-profiles.ts";
import { followRollout } from "./follow-rollout.ts";
import { addRolloutOptions, type RolloutOptions, rolloutSpecOf } from "./rollout-spec.ts";

export const verb = defineVerb<RolloutOptions & MutationOptions>({
  configure: (command) => {
    command.argument("<rollout>", "its name");
    addRolloutOptions(command);
    addMutationOptions(command, { dryRun: true, wait: true });
  },
  run: async ({ context, args: [name = ""], options }) => {
    const { rollouts } = await context.client();
    const rollout = await rollouts.createRollout({
      rolloutId: resourceId("rollouts", name),
      rollout: Rollout.fromPartial({ spec: rolloutSpecOf(options) }),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    if (options.dryRun || options.wait === false) {
      await printOne(context, rolloutView, rollout);
      context.talk(
        options.dryRun ? DRY_RUN_NOTE : `follow it: swy rollout watch ${shortName(rollout.name)}`,
      );
      return undefined;
    }
    for (const note of scopeNotes(rollout)) context.talk(note);
    return followRollout(context, rollout.name);
  },
});
