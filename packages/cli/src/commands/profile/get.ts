import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { profileView } from "../../views/profile.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<profile>");
  },
  run: async ({ context, args: [profile = ""] }) => {
    const { profiles } = await context.client();
    const name = resourceName("profiles", profile);
    await printOne(context, profileView, await profiles.getProfile({ name }));
    return undefined;
  },
});
