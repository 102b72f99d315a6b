import { Argument } from "commander";
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from "../../completion/scripts.ts";
import { defineVerb } from "../../verb.ts";

export const verb = defineVerb({
  configure: (command) => {
    command
      .addArgument(new Argument("<shell>", "whose script is printed").choices(SHELLS))
      .addHelpText(
        "after",
        "\nFor good, in bash:  echo 'source <(swy completion bash)' >> ~/.bashrc\nLive names are asked of the controller that SWY_ADDR or --address names.",
      );
  },
  run: async ({ context, args: [shell = "bash"] }) => {
    context.out(COMPLETION_SCRIPTS[shell as Shell]); // one of the choices
    return undefined;
  },
});
