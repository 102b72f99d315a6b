import type {
  Cordon,
  DatapathMode,
  Drift,
  ExperimentMode,
  Fence,
  HostDesired,
  HostKind,
  Inventory,
  LabelSelector,
  StoredFreezeCause,
} from "@switchyard/model";
import { boolean, integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import type { HostState } from "../../hosts/host-record.ts";
import { at, bytea, createdAt, int8, revision } from "../columns.ts";

export const hosts = pgTable("hosts", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  labels: jsonb("labels").$type<LabelSelector>().notNull(),
  kind: text("kind").$type<HostKind>(),
  state: text("state").$type<HostState>().notNull(),
  stateChangedAt: at("state_changed_at").notNull().defaultNow(),
  hostEpoch: int8("host_epoch").notNull(),
  nkeyPublic: text("nkey_public").notNull(),
  shard: integer("shard").notNull(),
  createdAt: createdAt(),
  agentVersion: text("agent_version").notNull(),
  desiredGeneration: int8("desired_generation").notNull().default(0),
  appliedGeneration: int8("applied_generation").notNull().default(0),
  appliedProfile: text("applied_profile"),
  inventory: jsonb("inventory").$type<Inventory>(),
  inventorySession: text("inventory_session"),
  inventorySessionStartedAt: at("inventory_session_started_at"),
  inventoryVersion: int8("inventory_version").notNull().default(0),
  inventoryDigest: text("inventory_digest"),
  inventoryObservedAtMs: int8("inventory_observed_at_ms"),
  appliedDesired: jsonb("applied_desired").$type<HostDesired>(),
  drift: jsonb("drift").$type<readonly Drift[]>().notNull().default([]),
  driftMendTriedAt: at("drift_mend_tried_at"),
  datapathMode: text("datapath_mode").$type<DatapathMode>(),
  bootInForce: text("boot_in_force"),
  cordon: jsonb("cordon").$type<Cordon>(),
  fence: jsonb("fence").$type<Fence>(),
  experiment: text("experiment"),
  experimentMode: text("experiment_mode").$type<ExperimentMode>(),
});

export const hostPresence = pgTable("host_presence", {
  host: text("host").primaryKey(),
  lastSeenAt: at("last_seen_at").notNull(),
  session: text("session").notNull(),
  bootId: text("boot_id").notNull(),
});

/** One row; `frozenAt` is null while nothing is held back. */
export const fleetFreeze = pgTable("fleet_freeze", {
  isOnly: boolean("is_only").primaryKey(),
  frozenAt: at("frozen_at"),
  cause: text("cause").$type<StoredFreezeCause>().notNull().default("hosts-lost"),
  forgivenUntil: at("forgiven_until").notNull(),
});

export const enrollmentTokens = pgTable("enrollment_tokens", {
  hash: text("hash").primaryKey(),
  host: text("host").notNull(),
  expiresAt: at("expires_at").notNull(),
  labels: jsonb("labels").$type<LabelSelector>().notNull(),
  allowReenroll: boolean("allow_reenroll").notNull(),
  usedAt: at("used_at"),
  usedByNkey: text("used_by_nkey"),
  usedHostEpoch: int8("used_host_epoch"),
});

export const signingKeys = pgTable("signing_keys", {
  keyId: text("key_id").primaryKey(),
  publicKey: bytea("public_key").notNull(),
  createdAt: createdAt(),
});
