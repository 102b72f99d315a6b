import type { Style } from "./style.ts";
import { displayWidth, padEnd, padStart } from "./text.ts";

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row, style: Style) => string;
  readonly isNumber?: boolean;
}

const GAP = "  ";
const EMPTY_CELL = "-";

/** Aligned columns, with headers unless told otherwise; the same whether piped or not. Ends with a newline. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { readonly style: Style; readonly hasHeaders: boolean },
): string {
  const body = rows.map((row) => columns.map(({ cell }) => cell(row, options.style) || EMPTY_CELL));
  const head = options.hasHeaders ? [columns.map(({ header }) => header)] : [];
  const lines = [...head, ...body];
  const widths = columns.map((_, column) =>
    Math.max(0, ...lines.map((line) => displayWidth(line[column] ?? ""))),
  );
  const align = (text: string, column: number): string =>
    (columns[column]?.isNumber ? padStart : padEnd)(text, widths[column] ?? 0);
  const shown = lines.map((line) => line.map(align).join(GAP).trimEnd());
  return shown.map((line) => `${line}\n`).join("");
}

/**
 * Formats rows that come one by one: columns keep the greatest width so far, so that lines stand under one
 * another as far as the past allows.
 */
export function createRowFormatter<Row>(
  columns: readonly Column<Row>[],
  style: Style,
): (row: Row) => string {
  const widths = columns.map(({ header }) => displayWidth(header));
  return (row) => {
    const cells = columns.map(({ cell, isNumber }, column) => {
      const text = cell(row, style) || EMPTY_CELL;
      const width = Math.max(widths[column] ?? 0, displayWidth(text));
      widths[column] = width;
      return (isNumber ? padStart : padEnd)(text, width);
    });
    return `${cells.join(GAP).trimEnd()}\n`;
  };
}

/** Name and value, one pair a line, values in one column; pairs without a value are left out. */
export function formatFields(
  fields: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const shown = fields.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(0, ...shown.map(([name]) => displayWidth(name)));
  return shown.map(([name, value]) => `  ${padEnd(name, width)}  ${value}\n`).join("");
}
