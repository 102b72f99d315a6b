import { bridgeRows, interfaceRows, portRows } from "./bridges.ts";
import { OvsRefusal, type Row, readColumn, setOf, type Transaction } from "./database.ts";
import { encodeJson, encodeText, parseValue } from "./encode.ts";
import {
  type Atom,
  type Column,
  emptyValue,
  findTable,
  SCHEMA,
  type TableName,
  type Value,
} from "./schema.ts";
import { type Invocation, noPair, type Subcommand } from "./vsctl-commands.ts";

/*
 * The sub-commands that speak of tables, records and columns. Source: ovs-vsctl(8), Database Commands.
 */

const UUID_COLUMN: Column = { type: "uuid", shape: "one" };

function requireTable(name: string): TableName {
  const table = findTable(name);
  if (table === undefined) throw new OvsRefusal(`unknown table "${name}"`);
  return table;
}

/** Columns may be shortened to a unique beginning and written with dashes. */
function requireColumn(table: TableName, name: string): string {
  const wanted = name.replaceAll("-", "_");
  if (wanted === "_uuid" || Object.hasOwn(SCHEMA[table], wanted)) return wanted;
  const [only, ...more] = Object.keys(SCHEMA[table]).filter((each) => each.startsWith(wanted));
  if (only !== undefined && more.length === 0) return only;
  if (more.length > 0)
    throw new OvsRefusal(`table ${table} has more than one column matching "${name}"`);
  throw new OvsRefusal(`table ${table} has no column whose name matches "${name}"`);
}

const columnOf = (table: TableName, name: string): Column => SCHEMA[table][name] ?? UUID_COLUMN;

function columnValue(invocation: Invocation, table: TableName, row: Row, name: string): Value {
  if (name === "_uuid") return row.uuid;
  return invocation.liveColumns(table, row.uuid)[name] ?? readColumn(table, row, name);
}

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

const find = (transaction: Transaction, table: TableName, record: string): Row | undefined =>
  record === "." && table === "Open_vSwitch"
    ? transaction.root
    : (transaction.findByName(table, record) ?? transaction.row(table, record));

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

function wantedColumns(table: TableName, options: Invocation["options"]): readonly string[] {
  const wanted = options.get("columns");
  if (wanted === undefined) return ["_uuid", ...Object.keys(SCHEMA[table])];
  return wanted.split(",").map((name) => requireColumn(table, name.trim()));
}

function printRows(invocation: Invocation, table: TableName, rows: readonly Row[]): string {
  const headings = wantedColumns(table, invocation.options);
  if (invocation.format === "json") {
    const data = rows.map((row) =>
      headings.map((name) =>
        encodeJson(columnOf(table, name), columnValue(invocation, table, row, name)),
      ),
    );
    return `${JSON.stringify({ data, headings })}\n`;
  }
  return rows
    .map((row) =>
      headings
        .map((name) => {
          const text = encodeText(columnOf(table, name), columnValue(invocation, table, row, name));
          return `${name.padEnd(20)}: ${text}\n`;
        })
        .join(""),
    )
    .join("\n");
}

function list(invocation: Invocation): string {
  const [tableName, ...records] = invocation.args as [string, ...string[]];
  const { transaction, options } = invocation;
  const table = requireTable(tableName);
  const rows =
    records.length === 0
      ? transaction.rows(table)
      : records.flatMap((record) =>
          options.has("if-exists") && find(transaction, table, record) === undefined
            ? []
            : [transaction.require(table, record)],
        );
  return printRows(invocation, table, rows);
}

function meets(invocation: Invocation, table: TableName, row: Row, condition: string): boolean {
  const match = /^([A-Za-z0-9_-]+)(?::([^=!<>{]+))?(!=|=)([\s\S]*)$/.exec(condition);
  if (match === null) {
    throw new OvsRefusal(`${condition}: trailing garbage or missing operator in condition`);
  }
  const [, written, key, operator, text] = match as unknown as [
    string,
    string,
    string | undefined,
    string,
    string,
  ];
  const name = requireColumn(table, written);
  const column = columnOf(table, name);
  const value = columnValue(invocation, table, row, name);
  const held = key === undefined ? value : (value as Readonly<Record<string, Atom>>)[key];
  const shape = key === undefined ? column.shape : "one";
  const wanted = parseValue({ type: column.type, shape }, text);
  const isEqual = JSON.stringify(held) === JSON.stringify(wanted);
  return operator === "=" ? isEqual : !isEqual;
}

function findRows(invocation: Invocation): string {
  const [tableName, ...conditions] = invocation.args as [string, ...string[]];
  const table = requireTable(tableName);
  const rows = invocation.transaction
    .rows(table)
    .filter((row) => conditions.every((condition) => meets(invocation, table, row, condition)));
  return printRows(invocation, table, rows);
}

function showInterface(invocation: Invocation, row: Row): string {
  const name = String(row.columns["name"]);
  const type = String(readColumn("Interface", row, "type"));
  const error = invocation.liveColumns("Interface", row.uuid)["error"];
  const lines = [`            Interface ${name}\n`];
  if (type !== "") lines.push(`                type: ${type}\n`);
  const [text] = Array.isArray(error) ? (error as readonly Atom[]) : [];
  if (text !== undefined) lines.push(`                error: ${JSON.stringify(text)}\n`);
  return lines.join("");
}

function show(invocation: Invocation): string {
  const { transaction } = invocation;
  const { tables, root } = transaction;
  const bridges = bridgeRows(tables).map((bridge) => {
    const ports = portRows(tables, bridge).map((port) => {
      const interfaces = interfaceRows(tables, port).map((row) => showInterface(invocation, row));
      return `        Port ${String(port.columns["name"])}\n${interfaces.join("")}`;
    });
    return `    Bridge ${String(bridge.columns["name"])}\n${ports.join("")}`;
  });
  const [version] = readColumn("Open_vSwitch", root, "ovs_version") as readonly string[];
  return `${root.uuid}\n${bridges.join("")}    ovs_version: ${JSON.stringify(version ?? "")}\n`;
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
