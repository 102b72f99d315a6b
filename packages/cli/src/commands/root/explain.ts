import { isReason, REASONS, type Reason } from "@switchyard/model";
import { EXIT_CODES, exitCodeOfStatus } from "../../exit-codes.ts";
import { printDocument } from "../../output/print.ts";
import { formatFields, formatTable } from "../../output/table.ts";
import { defineVerb } from "../../verb.ts";

/** Offline: the registry of reasons is part of the program. */
export const verb = defineVerb({
  configure: (command) => {
    command.argument("[reason]", "such as ESWITCH_FIRMWARE_TOO_OLD; all of them without one");
  },
  run: async ({ context, args: [text] }) => {
    if (text === undefined) {
      const entries = Object.entries(REASONS);
      const columns = [
        { header: "REASON", cell: ([reason]: (typeof entries)[number]) => reason },
        { header: "MEANING", cell: ([, { summary }]: (typeof entries)[number]) => summary },
      ];
      const { style, settings } = context;
      const table = formatTable(columns, entries, { style, hasHeaders: settings.hasHeaders });
      await printDocument(context, { json: REASONS, text: table });
      return undefined;
    }
    const reason = text.toUpperCase().replaceAll("-", "_");
    if (!isReason(reason)) {
      context.talk(`error: no reason is called ${text}`);
      const near = Object.keys(REASONS).filter((each) => isNear(each, reason));
      if (near.length > 0) context.talk(`  try    swy explain ${near[0]}`);
      return EXIT_CODES.notFound.code;
    }
    await printDocument(context, {
      json: { reason, ...REASONS[reason] },
      text: explain(reason),
    });
    return undefined;
  },
});

function explain(reason: Reason): string {
  const { code, summary, fix } = REASONS[reason];
  return `${reason}\n${formatFields([
    ["meaning", summary],
    ["try", fix],
    ["gRPC status", code],
    ["exit code", String(exitCodeOfStatus(code))],
  ])}`;
}

/** Shares a word with what was typed. */
const isNear = (reason: string, typed: string): boolean =>
  typed.split("_").some((word) => word.length > 2 && reason.split("_").includes(word));
