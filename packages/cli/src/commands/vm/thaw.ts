import { ThawVmResponse } from "@switchyard/client";
import { EXIT_CODES } from "../../exit-codes.ts";
import { resourceName } from "../../input/names.ts";
import { formatDocument } from "../../output/print.ts";
import { count, shortName } from "../../output/values.ts";
import { defineVerb } from "../../verb.ts";

/** A guest that does not answer is asked for half a minute. */
const CALL_TIMEOUT_MS = 60_000;

interface Options {
  readonly freeze?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>")
      .option("--freeze <id>", "this freeze and no other; exit code 1 where it was over before")
      .addHelpText(
        "after",
        "\nEnds a freeze of the guest's file systems, whoever began it. May run twice.",
      );
  },
  run: async ({ context, args: [vm = ""], options }) => {
    const { vms } = await context.client();
    const { output } = context.settings;
    const name = resourceName("vms", vm);
    const response = await vms.thawVm(
      { name, freezeId: options.freeze ?? "" },
      { timeoutMs: CALL_TIMEOUT_MS },
    );
    const { fileSystemCount } = response;
    const wasOver = fileSystemCount === 0;
    if (output === "json" || output === "yaml") {
      context.out(await formatDocument(output, ThawVmResponse.toJSON(response)));
    } else {
      const thawed = `is thawed: ${count(fileSystemCount, "file system")}`;
      context.out(`${shortName(name)} ${wasOver ? "was not frozen" : thawed}\n`);
    }
    return wasOver && options.freeze !== undefined ? EXIT_CODES.failed.code : undefined;
  },
});
