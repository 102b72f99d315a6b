import { createStyle } from "./style.ts";
import type { Column } from "./table.ts";

const PLAIN = createStyle({ isColored: false, isUnicode: false });

/** @see RFC 4180, 2.5 to 2.7 */
const field = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Rows as comma-separated values, headers in lower case. */
export function formatCsv<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  hasHeaders: boolean,
): string {
  const head = hasHeaders
    ? [columns.map(({ header }) => header.toLowerCase().replaceAll(" ", "_"))]
    : [];
  const body = rows.map((row) => columns.map(({ cell }) => cell(row, PLAIN)));
  return [...head, ...body].map((cells) => `${cells.map(field).join(",")}\n`).join("");
}
