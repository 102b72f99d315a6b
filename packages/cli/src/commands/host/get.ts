import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { hostView } from "../../views/host.ts";
import { watchHosts } from "./watch-hosts.ts";

export const verb = defineVerb<{ readonly watch?: boolean }>({
  configure: (command) => {
    command.argument("<host>").option("-w, --watch", "print its changes as they come");
  },
  run: async ({ context, args: [host = ""], options }) => {
    const name = resourceName("hosts", host);
    if (options.watch) return watchHosts(context, { name });
    const { hosts } = await context.client();
    await printOne(context, hostView, await hosts.getHost({ name }));
    return undefined;
  },
});
