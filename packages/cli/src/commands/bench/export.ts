import { formatResultFile } from "@switchyard/analysis";
import { defineVerb } from "../../verb.ts";
import { writeOut } from "./output.ts";
import { fetchResult } from "./subjects.ts";

/** One JSON document whatever the format asked for: it is read by `compare` and `report`. */
export const verb = defineVerb<{ readonly file?: string }>({
  configure: (command) => {
    command
      .argument("<experiment>")
      .option("--file <file>", "write there instead of to stdout")
      .addHelpText(
        "after",
        "\nCompare it anywhere, without a controller: swy bench compare ./result.json",
      );
  },
  run: async ({ context, args: [experiment = ""], options }) => {
    await writeOut(context, formatResultFile(await fetchResult(context, experiment)), options.file);
    return undefined;
  },
});
