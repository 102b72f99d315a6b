import {
  addMutationOptions,
  DRY_RUN_NOTE,
  type MutationOptions,
  requestIdOf,
} from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { confirm } from "../../output/confirm.ts";
import { printOne } from "../../output/print.ts";
import { count, shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";
import { profileView } from "../../views/profile.ts";

export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<profile>");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [profile = ""], options }) => {
    const { profiles } = await context.client();
    const name = resourceName("profiles", profile);
    const old = await profiles.getProfile({ name });
    const summary = `Delete profile ${shortName(name)}, which matches ${count(old.matchedHosts.length, "host")}`;
    const validateOnly = options.dryRun === true;
    if (!validateOnly && !(await confirm(context, { summary }, options.yes))) return undefined;
    const request = { name, etag: old.etag, requestId: requestIdOf(options), validateOnly };
    await printOne(context, profileView, await profiles.deleteProfile(request));
    context.talk(validateOnly ? DRY_RUN_NOTE : `${name} deleted`);
    return undefined;
  },
});
