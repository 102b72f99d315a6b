import { bridgeRows, interfaceRows, portRows } from "./bridges.ts";
import { OvsRefusal, type Row, readColumn } from "./database.ts";
import { encodeJson, encodeText, parseValue } from "./encode.ts";
import { type Atom, SCHEMA, type TableName } from "./schema.ts";
import { columnOf, columnValue, find, requireColumn, requireTable } from "./vsctl-columns.ts";
import type { Invocation } from "./vsctl-commands.ts";

/* The sub-commands that show records. */

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

export function list(invocation: Invocation): string {
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

export function findRows(invocation: Invocation): string {
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

export function show(invocation: Invocation): string {
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
