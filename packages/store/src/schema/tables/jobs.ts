import type {
  HostDesired,
  HostKind,
  HostPlan,
  JobFailure,
  JobKind,
  JobResult,
  JobSpec,
  JobState,
} from "@switchyard/model";
import {
  boolean,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import type { StoredEvent } from "../../jobs/stored-events.ts";
import type { PlanState } from "../../plans/plan-queries.ts";
import { at, bytea, createdAt, int8, revision } from "../columns.ts";

export const plans = pgTable("plans", {
  id: uuid("id").primaryKey(),
  revision: revision(),
  host: text("host").notNull(),
  hostKind: text("host_kind").$type<HostKind>(),
  profile: text("profile"),
  profileGeneration: int8("profile_generation").notNull(),
  state: text("state").$type<PlanState>().notNull(),
  createdAt: createdAt(),
  plan: jsonb("plan").$type<HostPlan>().notNull(),
  desired: jsonb("desired").$type<HostDesired>().notNull(),
  inventorySession: text("inventory_session").notNull(),
  inventoryVersion: int8("inventory_version").notNull(),
  job: uuid("job"),
});

export const jobs = pgTable("jobs", {
  id: uuid("id").primaryKey(),
  revision: revision(),
  host: text("host").notNull(),
  hostKind: text("host_kind").$type<HostKind>(),
  hostEpoch: int8("host_epoch").notNull(),
  kind: text("kind").$type<JobKind>().notNull(),
  spec: jsonb("spec").$type<JobSpec>().notNull(),
  epoch: int8("epoch").notNull().default(1),
  state: text("state").$type<JobState>().notNull().default("pending"),
  subject: text("subject"),
  actor: text("actor").notNull(),
  createdAt: createdAt(),
  expiresAt: at("expires_at").notNull(),
  acceptedAt: at("accepted_at"),
  endedAt: at("ended_at"),
  currentStep: text("current_step"),
  stepsDone: integer("steps_done").notNull().default(0),
  stepCount: integer("step_count").notNull().default(0),
  isCancelRequested: boolean("is_cancel_requested").notNull().default(false),
  result: jsonb("result").$type<JobResult>(),
  failure: jsonb("failure").$type<JobFailure>(),
  eventSeq: int8("event_seq").notNull().default(0),
  lastEventAtMs: int8("last_event_at_ms"),
  traceparent: text("traceparent").notNull().default(""),
  requestId: text("request_id").notNull().default(""),
  exclusiveHost: text("exclusive_host"),
});

export const jobEvents = pgTable(
  "job_events",
  {
    job: uuid("job").notNull(),
    epoch: int8("epoch").notNull(),
    firstSeq: int8("first_seq").notNull(),
    lastSeq: int8("last_seq").notNull(),
    events: json("events").$type<readonly StoredEvent[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.job, table.epoch, table.firstSeq] })],
);

export const jobSnapshots = pgTable("job_snapshots", {
  job: uuid("job").primaryKey(),
  state: text("state").$type<"wanted" | "stored" | "none">().notNull().default("wanted"),
  triedAt: at("tried_at").notNull().defaultNow(),
  seriesDeflated: bytea("series_deflated"),
});

export const outbox = pgTable("outbox", {
  job: uuid("job").primaryKey(),
  epoch: int8("epoch").notNull(),
  host: text("host").notNull(),
  specJson: text("spec_json").notNull(),
  expiresAt: at("expires_at").notNull(),
  sends: integer("sends").notNull().default(0),
  nextSendAt: at("next_send_at").notNull().defaultNow(),
  traceparent: text("traceparent").notNull().default(""),
});
