import { OvsRefusal, readColumn, setOf, type Transaction } from "./database.ts";
import { encodeText, parseValue } from "./encode.ts";
import { type Atom, type Column, emptyValue, type TableName, type Value } from "./schema.ts";
import { columnOf, columnValue, find, requireColumn, requireTable } from "./vsctl-columns.ts";
import { type Invocation, noPair, type Subcommand } from "./vsctl-commands.ts";
import { findRows, list, show } from "./vsctl-show.ts";

/*
 * The sub-commands that speak of tables, records and columns. Source: ovs-vsctl(8), Database Commands.
 */

/** `other_config:hw-offload=true` → column, key, text. */
function parseSetting(setting: string): { name: string; key: string | undefined; text: string } {
  const match = /^([A-Za-z0-9_-]+)(?::((?:"[^"]*"|[^=])+))?=([\s\S]*)$/.exec(setting);
  if (match === null)
    throw new OvsRefusal(`${setting}: argument does not end in "=" followed by a value.`);
  const [, name, key, text] = match as unknown as [string, string, string | undefined, string];
  return { name, key: key?.replaceAll('"', ""), text };
}

/** Applies `column[:key]=value` settings to one row. @throws OvsRefusal */
export function applySettings(
  transaction: Transaction,
  target: {
    readonly table: TableName;
    readonly uuid: string;
    readonly settings: readonly string[];
  },
): void {
  const { table, uuid } = target;
  for (const setting of target.settings) {
    const { name: written, key, text } = parseSetting(setting);
    const name = requireColumn(table, written);
    const column = columnOf(table, name);
    const row = transaction.row(table, uuid);
    if (row === undefined) return;
    if (key === undefined) {
      transaction.update(table, uuid, { [name]: parseValue(column, text) });
      continue;
    }
    if (column.shape !== "map") {
      throw new OvsRefusal(`cannot specify key to set for non-map column ${name}`);
    }
    const before = readColumn(table, row, name) as Readonly<Record<string, Atom>>;
    const atom = parseValue({ type: column.type, shape: "one" }, text) as Atom;
    transaction.update(table, uuid, { [name]: { ...before, [key]: atom } });
  }
}

function set({ transaction, args, options }: Invocation): string {
  const [tableName, record, ...settings] = args as [string, string, ...string[]];
  const table = requireTable(tableName);
  if (options.has("if-exists") && find(transaction, table, record) === undefined) return "";
  const { uuid } = transaction.require(table, record);
  applySettings(transaction, { table, uuid, settings });
  return "";
}

function get(invocation: Invocation): string {
  const { transaction, args, options } = invocation;
  const [tableName, record, ...columns] = args as [string, string, ...string[]];
  const table = requireTable(tableName);
  const row = find(transaction, table, record);
  if (row === undefined && options.has("if-exists")) return "";
  const found = transaction.require(table, record);
  return columns
    .map((text) => {
      const [written, key] = text.split(/:(.*)/s) as [string, string | undefined];
      const name = requireColumn(table, written);
      const value = columnValue(invocation, table, found, name);
      if (key === undefined) return `${encodeText(columnOf(table, name), value)}\n`;
      const atom = (value as Readonly<Record<string, Atom>>)[key];
      if (atom !== undefined) {
        return `${encodeText({ type: columnOf(table, name).type, shape: "one" }, atom)}\n`;
      }
      if (options.has("if-exists")) return "\n";
      throw new OvsRefusal(`no key "${key}" in ${table} record "${record}" column ${name}`);
    })
    .join("");
}

function removeFrom(value: Value, column: Column, keys: readonly string[]): Value {
  if (column.shape === "one") throw new OvsRefusal("cannot remove from a scalar column");
  if (Array.isArray(value)) {
    const gone = keys.flatMap((key) => setOf(parseValue(column, key)));
    return (value as readonly Atom[]).filter((atom) => !gone.includes(String(atom)));
  }
  return keys.reduce(
    (map, text) => {
      const [key, wanted] = text.split(/=(.*)/s) as [string, string | undefined];
      const isMeant = wanted === undefined || String(map[key]) === wanted.replaceAll('"', "");
      return isMeant ? noPair(map, key) : map;
    },
    value as Readonly<Record<string, Atom>>,
  );
}

function remove({ transaction, args, options }: Invocation): string {
  const [tableName, record, written, ...keys] = args as [string, string, string, ...string[]];
  const table = requireTable(tableName);
  if (options.has("if-exists") && find(transaction, table, record) === undefined) return "";
  const row = transaction.require(table, record);
  const name = requireColumn(table, written);
  const column = columnOf(table, name);
  transaction.update(table, row.uuid, {
    [name]: removeFrom(readColumn(table, row, name), column, keys),
  });
  return "";
}

function clear({ transaction, args }: Invocation): string {
  const [tableName, record, ...columns] = args as [string, string, ...string[]];
  const table = requireTable(tableName);
  const { uuid } = transaction.require(table, record);
  for (const written of columns) {
    const name = requireColumn(table, written);
    transaction.update(table, uuid, { [name]: emptyValue(columnOf(table, name)) });
  }
  return "";
}

/** `--id=@NAME create TABLE COLUMN=VALUE…`; the caller has put the name's uuid in the place of the name. */
function create({ transaction, args, options }: Invocation): string {
  const [tableName, ...settings] = args as [string, ...string[]];
  const table = requireTable(tableName);
  const { uuid } = transaction.insert(table, {}, options.get("id"));
  applySettings(transaction, { table, uuid, settings });
  return `${uuid}\n`;
}

function destroy({ transaction, args, options }: Invocation): string {
  const [tableName, ...records] = args as [string, ...string[]];
  const table = requireTable(tableName);
  for (const record of records) {
    const isGone = find(transaction, table, record) === undefined;
    if (isGone && options.has("if-exists")) continue;
    transaction.delete(table, transaction.require(table, record).uuid);
  }
  return "";
}

const ANY = Number.POSITIVE_INFINITY;

export const RECORD_COMMANDS: Readonly<Record<string, Subcommand>> = {
  init: { least: 0, most: 0, changes: false, run: () => "" },
  show: { least: 0, most: 0, changes: false, run: show },
  list: { least: 1, most: ANY, changes: false, run: list },
  find: { least: 1, most: ANY, changes: false, run: findRows },
  get: { least: 2, most: ANY, changes: false, run: get },
  set: { least: 3, most: ANY, changes: true, run: set },
  add: {
    least: 4,
    most: ANY,
    changes: true,
    run: ({ transaction, args }) => {
      const [tableName, record, written, ...values] = args as [string, string, string, ...string[]];
      const table = requireTable(tableName);
      const row = transaction.require(table, record);
      const name = requireColumn(table, written);
      const before = readColumn(table, row, name);
      const added = values.map((text) => parseValue(columnOf(table, name), text));
      const after = Array.isArray(before)
        ? [...new Set([before, ...added].flat() as readonly Atom[])]
        : (Object.assign({}, before, ...added) as Value);
      transaction.update(table, row.uuid, { [name]: after });
      return "";
    },
  },
  remove: { least: 3, most: ANY, changes: true, run: remove },
  clear: { least: 3, most: ANY, changes: true, run: clear },
  create: { least: 2, most: ANY, changes: true, run: create },
  destroy: { least: 1, most: ANY, changes: true, run: destroy },
};
