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
import { imageView } from "../../views/image.ts";

export const verb = defineVerb<MutationOptions>({
  configure: (command) => {
    command.argument("<image>");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: async ({ context, args: [image = ""], options }) => {
    const { images } = await context.client();
    const name = resourceName("images", image);
    const old = await images.getImage({ name });
    const summary = `Delete image ${shortName(name)}, booted by ${count(old.vmCount, "VM")}`;
    const validateOnly = options.dryRun === true;
    if (!validateOnly && !(await confirm(context, { summary }, options.yes))) return undefined;
    const request = { name, etag: old.etag, requestId: requestIdOf(options), validateOnly };
    await printOne(context, imageView, await images.deleteImage(request));
    context.talk(
      validateOnly
        ? DRY_RUN_NOTE
        : `${name} deleted; hosts drop their copies when they need the room`,
    );
    return undefined;
  },
});
