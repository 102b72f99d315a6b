import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { planView } from "../../views/plan.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<plan>");
  },
  run: async ({ context, args: [plan = ""] }) => {
    const { plans } = await context.client();
    const name = resourceName("plans", plan);
    await printOne(context, planView, await plans.getPlan({ name }));
    return undefined;
  },
});
