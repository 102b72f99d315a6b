import type { Context } from "../context.ts";
import type { Style } from "./style.ts";
import { type Column, formatTable } from "./table.ts";

/** How one kind of resource is shown, in every format. */
export interface View<Item> {
  /** Field of the list in JSON and YAML: `hosts`. */
  readonly plural: string;
  readonly toJson: (item: Item) => unknown;
  readonly nameOf: (item: Item) => string;
  readonly columns: readonly Column<Item>[];
  /** All of one item, for people; ends with a newline. */
  readonly describe: (item: Item, style: Style) => string;
}

/** One JSON or YAML document. The YAML writer is loaded only when it is asked for: it costs 40 ms. */
export async function formatDocument(output: "json" | "yaml", value: unknown): Promise<string> {
  if (output === "json") return `${JSON.stringify(value, null, 2)}\n`;
  const { stringify } = await import("yaml");
  return stringify(value);
}

/** Writes a list: a table, one JSON or YAML document, or bare names. */
export async function printList<Item>(
  context: Context,
  view: View<Item>,
  items: readonly Item[],
): Promise<void> {
  const { output, hasHeaders } = context.settings;
  switch (output) {
    case "table":
      if (items.length === 0) context.talk(`no ${view.plural}`);
      else context.out(formatTable(view.columns, items, { style: context.style, hasHeaders }));
      break;
    case "name":
      context.out(items.map((item) => `${view.nameOf(item)}\n`).join(""));
      break;
    default:
      context.out(await formatDocument(output, { [view.plural]: items.map(view.toJson) }));
  }
}

/** Writes one resource. */
export async function printOne<Item>(
  context: Context,
  view: View<Item>,
  item: Item,
): Promise<void> {
  const { output } = context.settings;
  switch (output) {
    case "table":
      context.out(view.describe(item, context.style));
      break;
    case "name":
      context.out(`${view.nameOf(item)}\n`);
      break;
    default:
      context.out(await formatDocument(output, view.toJson(item)));
  }
}

/** Writes what is no resource: JSON and YAML as given, and a text of its own for people. */
export async function printDocument(
  context: Context,
  document: { readonly json: unknown; readonly text: string },
): Promise<void> {
  const { output } = context.settings;
  const isData = output === "json" || output === "yaml";
  context.out(isData ? await formatDocument(output, document.json) : document.text);
}
