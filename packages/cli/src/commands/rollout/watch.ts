import { resourceName } from "../../input/names.ts";
import { defineVerb } from "../../verb.ts";
import { followRollout } from "./follow-rollout.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<rollout>");
  },
  run: ({ context, args: [rollout = ""] }) =>
    followRollout(context, resourceName("rollouts", rollout)),
});
