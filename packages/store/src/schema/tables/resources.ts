import type { HostProfileSpec, ImageSpec, JobFailure, NetworkSpec } from "@switchyard/model";
import { integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import type { ImageCopyState } from "../../images/image-queries.ts";
import { at, createdAt, int8, revision } from "../columns.ts";

export const profiles = pgTable("profiles", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  generation: int8("generation").notNull().default(1),
  createdAt: createdAt(),
  updatedAt: at("updated_at").notNull().defaultNow(),
  spec: jsonb("spec").$type<HostProfileSpec>().notNull(),
});

export const profileVersions = pgTable(
  "profile_versions",
  {
    profile: text("profile").notNull(),
    generation: int8("generation").notNull(),
    spec: jsonb("spec").$type<HostProfileSpec>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.profile, table.generation] })],
);

export const networks = pgTable("networks", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  createdAt: createdAt(),
  bridge: text("bridge").notNull(),
  vlan: integer("vlan").notNull().default(0),
  spec: jsonb("spec").$type<NetworkSpec>().notNull(),
});

export const images = pgTable("images", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  createdAt: createdAt(),
  spec: jsonb("spec").$type<ImageSpec>().notNull(),
});

export const imageCopies = pgTable(
  "image_copies",
  {
    image: text("image").notNull(),
    host: text("host").notNull(),
    state: text("state").$type<ImageCopyState>().notNull(),
    job: uuid("job").notNull(),
    updatedAt: at("updated_at").notNull().defaultNow(),
    failure: jsonb("failure").$type<JobFailure>(),
  },
  (table) => [primaryKey({ columns: [table.image, table.host] })],
);
