import { addMutationOptions, type MutationOptions, requestIdOf } from "../../input/mutation.ts";
import { resourceName } from "../../input/names.ts";
import { collect } from "../../input/pairs.ts";
import { printOne } from "../../output/print.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";
import { imageView } from "../../views/image.ts";
import { fetchTo, followAll } from "./follow.ts";

interface Options extends MutationOptions {
  readonly host?: readonly string[];
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<image>")
      .option("--host <host>", "host that fetches it; may be repeated", collect);
    addMutationOptions(command, { dryRun: false, wait: true });
  },
  run: async ({ context, args: [image = ""], options }) => {
    const name = resourceName("images", image);
    const hosts = (options.host ?? []).map((host) => resourceName("hosts", host));
    if (hosts.length === 0) throw new UsageError("--host is required");
    const jobs = await fetchTo(context, name, { hosts, requestId: requestIdOf(options) });
    const code = options.wait === false ? undefined : await followAll(context, jobs);
    const { images } = await context.client();
    await printOne(context, imageView, await images.getImage({ name }));
    return code;
  },
});
