import { ProfileSpec } from "@switchyard/client";
import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { profileView } from "../../views/profile.ts";
import { addProfileSpecOptions, type ProfileSpecOptions, readProfileSpec } from "./profile-spec.ts";

interface Options extends ProfileSpecOptions, MutationOptions {
  readonly etag?: string;
}

/** A file replaces the spec; flags change single fields of it, or of the present spec without a file. */
export const verb = defineVerb<Options>({
  configure: (command) => {
    command.argument("<profile>");
    addProfileSpecOptions(command);
    command.option("--etag <etag>", "only if the profile is still the one with this etag");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [profile = ""], options }) => {
    const { profiles } = await context.client();
    const old = await profiles.getProfile({ name: resourceName("profiles", profile) });
    const present = ProfileSpec.toJSON(old.spec ?? ProfileSpec.fromPartial({}));
    const spec = await readProfileSpec(context, options, present as Record<string, unknown>);
    const updated = await profiles.updateProfile({
      profile: {
        ...old,
        etag: options.etag ?? old.etag,
        spec,
      },
      requestId: requestIdOf(options),
      validateOnly: options.dryRun === true,
    });
    await printOne(context, profileView, updated);
    if (options.dryRun) context.talk(DRY_RUN_NOTE);
    return undefined;
  },
});
