import { Profile } from "@switchyard/client";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceId } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { profileView } from "../../views/profile.ts";
import { addProfileSpecOptions, type ProfileSpecOptions, readProfileSpec } from "./profile-spec.ts";

export const verb = defineVerb<ProfileSpecOptions & MutationOptions>({
  configure: (command) => {
    command.argument("<profile>", "its name");
    addProfileSpecOptions(command);
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [profile = ""], options }) => {
    const profileId = resourceId("profiles", profile);
    const spec = await readProfileSpec(context, options);
    const { profiles } = await context.client();
    const created = await profiles.createProfile({
      profileId,
      profile: Profile.fromPartial({ spec }),
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, profileView, created);
    if (options.dryRun) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});
