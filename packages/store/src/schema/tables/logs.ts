import { sql } from "drizzle-orm";
import { boolean, json, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { at, createdAt, int8, xid8 } from "../columns.ts";

export const requests = pgTable(
  "requests",
  {
    actor: text("actor").notNull(),
    requestId: text("request_id").notNull(),
    method: text("method").notNull(),
    bodyDigest: text("body_digest").notNull(),
    answer: json("answer"),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.actor, table.requestId] })],
);

export const changes = pgTable("changes", {
  xid: xid8("xid").notNull().default(sql`pg_current_xact_id()`),
  seq: int8("seq").notNull().default(sql`nextval('changes_seq')`),
  at: at("at").notNull().defaultNow(),
  kind: text("kind").notNull(),
  key: text("key").notNull(),
  operation: text("operation").notNull(),
  /** Null, in SQL or JSON, for a host that changed through other tables: readers take it as it is. */
  record: json("record"),
});

export const audit = pgTable("audit", {
  seq: int8("seq").primaryKey().generatedAlwaysAsIdentity(),
  xid: xid8("xid").notNull().default(sql`pg_current_xact_id()`),
  at: at("at").notNull().defaultNow(),
  actor: text("actor").notNull(),
  action: text("action").notNull(),
  resource: text("resource").notNull(),
  requestId: text("request_id").notNull(),
  details: json("details").$type<Readonly<Record<string, string>>>().notNull(),
});

export const logWatermarks = pgTable("log_watermarks", {
  log: text("log").primaryKey(),
  xid: xid8("xid").notNull(),
});

/** One row: which database this is, as the last controller that started on it found it. */
export const databaseIdentity = pgTable("database_identity", {
  isOnly: boolean("is_only").primaryKey(),
  mark: text("mark").notNull().default(""),
  era: int8("era").notNull().default(1),
});
