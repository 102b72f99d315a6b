import { resourceName } from "../../input/names.ts";
import { printOne } from "../../output/print.ts";
import { defineVerb } from "../../verb.ts";
import { exitCodeOf } from "../../views/diagnosis.ts";
import { preflightView } from "../../views/preflight.ts";

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<host>", "host that is looked at now; nothing on it is changed");
  },
  run: async ({ context, args: [host = ""] }) => {
    const { diagnosis } = await context.client();
    const report = await diagnosis.diagnoseHost({
      name: resourceName("hosts", host),
      preflight: true,
    });
    await printOne(context, preflightView, report);
    return exitCodeOf([report]);
  },
});
