import { ChangeType, ImageChange, watch } from "@switchyard/client";
import { printList } from "../../output/print.ts";
import { enumWord } from "../../output/values.ts";
import { printChanges } from "../../output/watching.ts";
import { defineVerb } from "../../verb.ts";
import { imageView } from "../../views/image.ts";
import { addListOptions, collectItems, type ListOptions } from "../listing.ts";

export const verb = defineVerb<ListOptions>({
  configure: (command) => addListOptions(command, { watch: true }),
  run: async ({ context, options }) => {
    const { images } = await context.client();
    if (options.watch) {
      const request = { resumeToken: options.resume ?? "" };
      return printChanges(context, imageView, {
        items: watch(images.watchImages, request, { signal: context.io.signal }),
        show: (change) =>
          change.image && {
            type: enumWord(ChangeType, change.type),
            item: change.image,
            json: ImageChange.toJSON(change),
          },
      });
    }
    const items = await collectItems(
      (page) => images.listImages(page),
      (page) => page.images,
      options,
    );
    await printList(context, imageView, items);
    return undefined;
  },
});
