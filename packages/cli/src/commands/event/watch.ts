import { defineVerb } from "../../verb.ts";
import { watchEvents } from "./watch-events.ts";

interface Options {
  readonly resource?: string;
  readonly resume?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .option("--resource <name>", "only events of this resource, such as hosts/r740-07")
      .option("--resume <token>", "go on after this token");
  },
  run: ({ context, options }) =>
    watchEvents(context, {
      resource: options.resource ?? "",
      resumeToken: options.resume ?? "",
    }),
});
