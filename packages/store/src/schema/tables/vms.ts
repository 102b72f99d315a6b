import type {
  DiskSeal,
  JobFailure,
  MigrationNote,
  MoveCause,
  MoveMode,
  MovePhase,
  NicKind,
  VmDesired,
  VmSpec,
  VmState,
} from "@switchyard/model";
import { sql } from "drizzle-orm";
import {
  boolean,
  inet,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { at, createdAt, int8, revision } from "../columns.ts";

export const vms = pgTable("vms", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  generation: int8("generation").notNull().default(sql`nextval('revisions')`),
  createdAt: createdAt(),
  spec: jsonb("spec").$type<VmSpec>().notNull(),
  state: text("state").$type<VmState>().notNull(),
  job: uuid("job"),
  failure: jsonb("failure").$type<JobFailure>(),
  image: text("image"),
  stateReason: text("state_reason"),
  bootId: text("boot_id"),
  homeHost: text("home_host"),
});

export const allocations = pgTable("allocations", {
  vm: text("vm").primaryKey(),
  host: text("host").notNull(),
  vcpuCount: integer("vcpu_count").notNull(),
  memoryBytes: int8("memory_bytes").notNull(),
  hugepageBytes: int8("hugepage_bytes"),
  // The VM, but for what a move holds: it has a name that no VM can have.
  ofVm: text("of_vm").generatedAlwaysAs(sql`CASE WHEN vm LIKE 'moves/%' THEN NULL ELSE vm END`),
});

export const allocationNics = pgTable(
  "allocation_nics",
  {
    vm: text("vm").notNull(),
    index: integer("nic_index").notNull(),
    kind: text("kind").$type<NicKind>().notNull(),
    host: text("host").notNull(),
    pf: text("pf").notNull(),
    vfIndex: integer("vf_index").notNull(),
    mac: text("mac").notNull(),
    // Null where the slot is held for a move.
    network: text("network"),
    address: inet("address"),
    prefixLength: integer("prefix_length").notNull(),
    bridge: text("bridge").notNull(),
    queuePairs: integer("queue_pairs").notNull(),
  },
  (table) => [primaryKey({ columns: [table.vm, table.index] })],
);

export const moves = pgTable("moves", {
  id: uuid("id").primaryKey(),
  revision: revision(),
  vm: text("vm").notNull(),
  cause: text("cause").$type<MoveCause>().notNull(),
  sourceHost: text("source_host").notNull(),
  wantedHost: text("wanted_host"),
  targetHost: text("target_host"),
  phase: text("phase").$type<MovePhase>().notNull().default("queued"),
  batch: uuid("batch").notNull(),
  atOnce: integer("at_once").notNull(),
  wasRunning: boolean("was_running").notNull(),
  hasNewDisk: boolean("has_new_disk").notNull().default(false),
  source: jsonb("source").$type<VmDesired>().notNull(),
  target: jsonb("target").$type<VmDesired>(),
  disk: jsonb("disk").$type<DiskSeal>(),
  mode: text("mode").$type<MoveMode>().notNull().default("best"),
  isLive: boolean("is_live").notNull().default(false),
  migration: jsonb("migration").$type<MigrationNote>(),
  job: uuid("job"),
  tries: integer("tries").notNull().default(0),
  nextTryAt: at("next_try_at").notNull().defaultNow(),
  failure: jsonb("failure").$type<JobFailure>(),
  actor: text("actor").notNull(),
  traceparent: text("traceparent").notNull().default(""),
  createdAt: createdAt(),
  endedAt: at("ended_at"),
});
