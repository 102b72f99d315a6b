import { emptyValue, SCHEMA, type TableName, type Value } from "./schema.ts";

export interface Row {
  readonly uuid: string;
  readonly columns: Readonly<Record<string, Value>>;
}

export type Tables = Readonly<Record<TableName, ReadonlyMap<string, Row>>>;

/** The database file of ovsdb-server; it outlives the daemons and the boot. */
export interface OvsDatabase {
  tables: Tables;
}

/** A refused sub-command: the whole transaction is dropped. The text follows `ovs-vsctl: `. */
export class OvsRefusal extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = "OvsRefusal";
    this.exitCode = exitCode;
  }
}

/** A database with its one Open_vSwitch row. */
export function createOvsDatabase(rootUuid: string, columns: Row["columns"]): OvsDatabase {
  const root: Row = { uuid: rootUuid, columns };
  return {
    tables: {
      Open_vSwitch: new Map([[rootUuid, root]]),
      Bridge: new Map(),
      Port: new Map(),
      Interface: new Map(),
      QoS: new Map(),
      Queue: new Map(),
    },
  };
}

export const readColumn = (table: TableName, row: Row, name: string): Value => {
  const column = SCHEMA[table][name];
  return row.columns[name] ?? (column === undefined ? "" : emptyValue(column));
};

export const setOf = (value: Value): readonly string[] =>
  Array.isArray(value) ? value.map(String) : [];

/** Works on a copy of the tables; nothing is seen by others until it is committed. */
export class Transaction {
  readonly #tables: Record<TableName, Map<string, Row>>;
  readonly #newUuid: () => string;

  constructor(database: OvsDatabase, newUuid: () => string) {
    const { tables } = database;
    this.#newUuid = newUuid;
    this.#tables = {
      Open_vSwitch: new Map(tables.Open_vSwitch),
      Bridge: new Map(tables.Bridge),
      Port: new Map(tables.Port),
      Interface: new Map(tables.Interface),
      QoS: new Map(tables.QoS),
      Queue: new Map(tables.Queue),
    };
  }

  get tables(): Tables {
    return this.#tables;
  }

  get root(): Row {
    return [...this.#tables.Open_vSwitch.values()][0] as Row; // the row is made with the database
  }

  rows(table: TableName): readonly Row[] {
    return [...this.#tables[table].values()];
  }

  row(table: TableName, uuid: string): Row | undefined {
    return this.#tables[table].get(uuid);
  }

  findByName(table: TableName, name: string): Row | undefined {
    return this.rows(table).find((row) => row.columns["name"] === name);
  }

  /** A row by name, uuid, or `.` for the only one. @throws OvsRefusal */
  require(table: TableName, record: string): Row {
    if (record === "." && table === "Open_vSwitch") return this.root;
    const row = this.findByName(table, record) ?? this.row(table, record);
    if (row === undefined) throw new OvsRefusal(`no row "${record}" in table ${table}`);
    return row;
  }

  newUuid(): string {
    return this.#newUuid();
  }

  insert(table: TableName, columns: Row["columns"], uuid = this.#newUuid()): Row {
    const row: Row = { uuid, columns };
    this.#tables[table].set(row.uuid, row);
    return row;
  }

  update(table: TableName, uuid: string, columns: Row["columns"]): void {
    const row = this.row(table, uuid);
    if (row === undefined) return;
    this.#tables[table].set(uuid, { uuid, columns: { ...row.columns, ...columns } });
  }

  delete(table: TableName, uuid: string): void {
    this.#tables[table].delete(uuid);
  }
}
