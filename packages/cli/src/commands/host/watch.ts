import { resourceName } from "../../input/names.ts";
import { collect, parseLabels } from "../../input/pairs.ts";
import { defineVerb } from "../../verb.ts";
import { watchHosts } from "./watch-hosts.ts";

interface Options {
  readonly label?: readonly string[];
  readonly resume?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("[host]", "only this host")
      .option("-l, --label <key=value>", "only hosts with this label; may be repeated", collect)
      .option("--resume <token>", "go on after this token instead of with a snapshot");
  },
  run: ({ context, args: [host], options }) =>
    watchHosts(context, {
      labelSelector: parseLabels(options.label),
      resumeToken: options.resume ?? "",
      ...(host !== undefined && { name: resourceName("hosts", host) }),
    }),
});
