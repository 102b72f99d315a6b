import { OvsRefusal, type Row, readColumn, type Transaction } from "./database.ts";
import { type Column, findTable, SCHEMA, type TableName, type Value } from "./schema.ts";
import type { Invocation } from "./vsctl-commands.ts";

/* Tables, columns and rows as they are named on the command line. */

const UUID_COLUMN: Column = { type: "uuid", shape: "one" };

export function requireTable(name: string): TableName {
  const table = findTable(name);
  if (table === undefined) throw new OvsRefusal(`unknown table "${name}"`);
  return table;
}

/** Columns may be shortened to a unique beginning and written with dashes. */
export function requireColumn(table: TableName, name: string): string {
  const wanted = name.replaceAll("-", "_");
  if (wanted === "_uuid" || Object.hasOwn(SCHEMA[table], wanted)) return wanted;
  const [only, ...more] = Object.keys(SCHEMA[table]).filter((each) => each.startsWith(wanted));
  if (only !== undefined && more.length === 0) return only;
  if (more.length > 0)
    throw new OvsRefusal(`table ${table} has more than one column matching "${name}"`);
  throw new OvsRefusal(`table ${table} has no column whose name matches "${name}"`);
}

export const columnOf = (table: TableName, name: string): Column =>
  SCHEMA[table][name] ?? UUID_COLUMN;

export function columnValue(
  invocation: Invocation,
  table: TableName,
  row: Row,
  name: string,
): Value {
  if (name === "_uuid") return row.uuid;
  return invocation.liveColumns(table, row.uuid)[name] ?? readColumn(table, row, name);
}

export const find = (
  transaction: Transaction,
  table: TableName,
  record: string,
): Row | undefined =>
  record === "." && table === "Open_vSwitch"
    ? transaction.root
    : (transaction.findByName(table, record) ?? transaction.row(table, record));
