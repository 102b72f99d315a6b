import type { WatchItem } from "@switchyard/client";
import type { Context } from "../context.ts";
import { EXIT_CODES, type ExitCode } from "../exit-codes.ts";
import { formatDocument, type View } from "./print.ts";
import { createRowFormatter } from "./table.ts";

/** One change of a watch, taken apart. */
export interface ShownChange<Item> {
  /** `snapshot`, `created`, `updated`, `deleted`. */
  readonly type: string;
  readonly item: Item;
  /** The change as the proto has it in JSON. */
  readonly json: unknown;
}

const TYPE_WIDTH = 9;

/**
 * Prints changes as they come, until interrupted: lines for people, one JSON document a line (NDJSON) with
 * the resume tokens between them for programs.
 */
export async function printChanges<Value, Item>(
  context: Context,
  view: View<Item>,
  options: {
    readonly items: AsyncIterable<WatchItem<Value>>;
    /** Undefined: not wanted. */
    readonly show: (value: Value) => ShownChange<Item> | undefined;
  },
): Promise<ExitCode> {
  const print = changePrinter(context, view);
  for await (const item of options.items) {
    switch (item.kind) {
      case "change": {
        const change = options.show(item.value);
        if (change !== undefined) await print(change);
        break;
      }
      case "progress": {
        const { resumeToken, isSynced } = item;
        await printMachine(context, { progress: { resumeToken, isSynced } });
        break;
      }
      case "reconnecting":
        context.talk(`connection lost (${item.error.message}); trying again`);
        break;
      case "restarted":
        context.talk("changes were missed; beginning anew with a snapshot");
        break;
    }
  }
  return context.io.signal.aborted ? EXIT_CODES.interrupted.code : EXIT_CODES.ok.code;
}

function changePrinter<Item>(
  context: Context,
  view: View<Item>,
): (change: ShownChange<Item>) => Promise<void> {
  const formatRow = createRowFormatter(view.columns, context.style);
  const { output } = context.settings;
  return async ({ type, item, json }) => {
    if (output === "table") context.out(`${type.padEnd(TYPE_WIDTH)} ${formatRow(item)}`);
    else if (output === "name") context.out(`${view.nameOf(item)}\n`);
    else await printMachine(context, { change: json });
  };
}

async function printMachine(context: Context, json: unknown): Promise<void> {
  const { output } = context.settings;
  if (output === "json") context.out(`${JSON.stringify(json)}\n`);
  if (output === "yaml") context.out(`---\n${await formatDocument(output, json)}`);
}
