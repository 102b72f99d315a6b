import { EXIT_CODES } from "../../exit-codes.ts";
import { printDocument } from "../../output/print.ts";
import { formatTable } from "../../output/table.ts";
import { UsageError } from "../../usage-error.ts";
import { defineVerb } from "../../verb.ts";

/** Pages that belong to no single command. */
const TOPICS = ["exit-codes"] as const;

export const verb = defineVerb({
  configure: (command) => {
    command.argument("<topic>", TOPICS.join(", "));
  },
  run: async ({ context, args: [topic = ""] }) => {
    if (topic !== "exit-codes") {
      const problems = [`topics: ${TOPICS.join(", ")}`, "for a command: swy NOUN VERB --help"];
      throw new UsageError(`there is no help on "${topic}"`, problems);
    }
    const rows = Object.values(EXIT_CODES);
    const text = formatTable(
      [
        { header: "CODE", cell: ({ code }) => String(code), isNumber: true },
        { header: "MEANING", cell: ({ meaning }) => meaning },
      ],
      rows,
      { style: context.style, hasHeaders: context.settings.hasHeaders },
    );
    await printDocument(context, { json: rows, text });
    return undefined;
  },
});
