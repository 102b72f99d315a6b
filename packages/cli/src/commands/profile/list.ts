import { ChangeType, ProfileChange, watch } from "@switchyard/client";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { defineVerb } from "../../verb.ts";
import { profileView } from "../../views/profile.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

export const verb = defineVerb<ListOptions>({
  configure: (command) => addListOptions(command, { watch: true }),
  run: async ({ context, options }) => {
    const { profiles } = await context.client();
    if (options.watch) {
      const request = { resumeToken: options.resume ?? "" };
      return printChanges(context, profileView, {
        items: watch(profiles.watchProfiles, request, { signal: context.io.signal }),
        show: (change) =>
          change.profile && {
            type: enumWord(ChangeType, change.type),
            item: change.profile,
            json: ProfileChange.toJSON(change),
          },
      });
    }
    const items = await collectItems(
      (page) => profiles.listProfiles(page),
      (page) => page.profiles,
      options,
    );
    await printList(context, profileView, items);
    return undefined;
  },
});
