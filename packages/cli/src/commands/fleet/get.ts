import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { fleetView } from "../../views/fleet.ts";

export const verb = defineVerb({
  configure: () => undefined,
  run: async ({ context }) => {
    const { fleet } = await context.client();
    await printOne(context, fleetView, await fleet.getFleet({}));
    return undefined;
  },
});
