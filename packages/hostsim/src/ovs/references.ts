import { OvsRefusal, readColumn, setOf, type Tables } from "./database.ts";
import type { TableName } from "./schema.ts";

/** Rows of the tables that live by themselves and are named by others. @see ovs-vswitchd.conf.db(5) */
const NAMED_BY: readonly {
  readonly table: TableName;
  readonly by: TableName;
  readonly column: string;
}[] = [
  { table: "QoS", by: "Port", column: "qos" },
  { table: "Queue", by: "QoS", column: "queues" },
];

const refusal = (details: string): OvsRefusal =>
  new OvsRefusal(
    `transaction error: ${JSON.stringify({ details, error: "referential integrity violation" })}`,
  );

/** What ovsdb-server looks at when a transaction ends. @throws OvsRefusal */
export function checkReferences(before: Tables, after: Tables): void {
  for (const { table, by, column } of NAMED_BY) {
    const names = [...after[by].values()].flatMap((row) => {
      const value = readColumn(by, row, column);
      return Array.isArray(value) ? setOf(value) : Object.values(value).map(String);
    });
    const gone = names.find((uuid) => !after[table].has(uuid));
    if (gone === undefined) continue;
    const count = names.filter((uuid) => uuid === gone).length;
    throw refusal(
      before[table].has(gone)
        ? `cannot delete ${table} row ${gone} because of ${count} remaining reference(s)`
        : `Table ${by} column ${column} row references nonexistent row ${gone} in table ${table}.`,
    );
  }
}
