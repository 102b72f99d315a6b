import { allPages } from "@switchyard/client";
import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { formatCopies, imageView } from "../../views/image.ts";

/** Hosts shown at most; `-o json` of the API has all. */
const COPIES_MAX = 200;

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<image>");
  },
  run: async ({ context, args: [image = ""] }) => {
    const { images } = await context.client();
    const name = resourceName("images", image);
    await printOne(context, imageView, await images.getImage({ name }));
    if (context.settings.output !== "table") return undefined;
    const copies = [];
    for await (const copy of allPages(
      (pageToken) => images.listImageCopies({ image: name, pageSize: COPIES_MAX, pageToken }),
      (page) => page.copies,
    )) {
      copies.push(copy);
      if (copies.length >= COPIES_MAX) break;
    }
    context.out(formatCopies(copies, context.style));
    return undefined;
  },
});
