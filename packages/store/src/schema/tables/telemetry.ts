import { doublePrecision, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { at, int8, int8multirange } from "../columns.ts";

export const telemetrySeries = pgTable("telemetry_series", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  host: text("host").notNull(),
  metric: text("metric").notNull(),
  object: text("object").notNull(),
  latestAt: at("latest_at"),
  latestValue: doublePrecision("latest_value"),
});

export const telemetryMarks = pgTable(
  "telemetry_marks",
  {
    host: text("host").notNull(),
    session: text("session").notNull(),
    seq: int8("seq").notNull(),
    droppedCount: int8("dropped_count").notNull(),
    seen: int8multirange("seen").notNull().default("{}"),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.host, table.session] })],
);

export const telemetryDictionaries = pgTable(
  "telemetry_dictionaries",
  {
    host: text("host").notNull(),
    session: text("session").notNull(),
    series: integer("series").array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.session] })],
);

export const telemetryRaw = pgTable("telemetry_raw", {
  ts: at("ts").notNull(),
  series: integer("series").notNull(),
  value: doublePrecision("value").notNull(),
  laterMs: integer("later_ms").array(),
  laterValues: doublePrecision("later_values").array(),
});

export const telemetryStray = pgTable("telemetry_stray", {
  ts: at("ts").notNull(),
  series: integer("series").notNull(),
  value: doublePrecision("value").notNull(),
  laterMs: integer("later_ms").array(),
  laterValues: doublePrecision("later_values").array(),
});

const rollup = (name: string) =>
  pgTable(
    name,
    {
      ts: at("ts").notNull(),
      series: integer("series").notNull(),
      count: int8("count").notNull(),
      sum: doublePrecision("sum").notNull(),
      min: doublePrecision("min").notNull(),
      max: doublePrecision("max").notNull(),
      last: doublePrecision("last").notNull(),
      lastAt: at("last_at").notNull(),
      increase: doublePrecision("increase").notNull(),
      seconds: doublePrecision("seconds").notNull(),
    },
    (table) => [primaryKey({ columns: [table.series, table.ts] })],
  );
export const telemetry1m = rollup("telemetry_1m");
export const telemetry15m = rollup("telemetry_15m");
export const telemetry6h = rollup("telemetry_6h");

export const telemetryLevels = pgTable("telemetry_levels", {
  level: text("level").primaryKey(),
  closingAt: at("closing_at"),
  rolledAt: at("rolled_at"),
  partitionsFrom: at("partitions_from"),
  partitionsTo: at("partitions_to"),
});

export const telemetryLate = pgTable("telemetry_late", {
  id: int8("id").primaryKey().generatedAlwaysAsIdentity(),
  host: text("host").notNull(),
  fromAt: at("from_at").notNull(),
  toAt: at("to_at").notNull(),
});
