import { sql } from "drizzle-orm";
import { bigint, customType, timestamp } from "drizzle-orm/pg-core";

/*
 * What the tables are made of: columns that several have, and types of Postgres that drizzle lacks. The
 * tables are as drizzle sees them: the truth is migrations/*.sql, and schema.test.ts compares the two.
 */

export const at = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
export const int8 = (name: string) => bigint(name, { mode: "number" });
export const revision = () => int8("revision").notNull().default(sql`nextval('revisions')`);
export const createdAt = () => at("created_at").notNull().defaultNow();
export const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });
export const int8multirange = customType<{ data: string }>({ dataType: () => "int8multirange" });
export const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });
