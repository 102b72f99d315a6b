import { inet, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { int8 } from "../columns.ts";

export const macAddresses = pgTable("mac_addresses", {
  mac: text("mac").primaryKey(),
  number: int8("number").notNull(),
  ownerKind: text("owner_kind").$type<"slot" | "vm">().notNull(),
  owner: text("owner").notNull(),
});

export const slots = pgTable(
  "slots",
  {
    host: text("host").notNull(),
    pf: text("pf").notNull(),
    vfIndex: integer("vf_index").notNull(),
    mac: text("mac").notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.pf, table.vfIndex] })],
);

export const bridgeAddresses = pgTable(
  "bridge_addresses",
  {
    host: text("host").notNull(),
    bridge: text("bridge").notNull(),
    address: inet("address").notNull(),
    prefixLength: integer("prefix_length").notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.bridge] })],
);

export const ipAddresses = pgTable(
  "ip_addresses",
  {
    network: text("network").notNull(),
    address: inet("address").notNull(),
    vm: text("vm").notNull(),
  },
  (table) => [primaryKey({ columns: [table.network, table.address] })],
);
