import type {
  GateVerdict,
  HostId,
  JobFailure,
  RolloutHostState,
  RolloutProfileChange,
  RolloutSpec,
  RolloutState,
} from "@switchyard/model";
import { boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import type { CheckBefore } from "../../rollouts/rollout-queries.ts";
import { at, createdAt, int8, revision } from "../columns.ts";

export const rollouts = pgTable("rollouts", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  createdAt: createdAt(),
  actor: text("actor").notNull(),
  traceparent: text("traceparent").notNull().default(""),
  spec: jsonb("spec").$type<RolloutSpec>().notNull(),
  state: text("state").$type<RolloutState>().notNull(),
  stateReason: text("state_reason").notNull().default("{}"),
  resumeState: text("resume_state").$type<RolloutState>(),
  wave: integer("wave").notNull().default(1),
  waveCount: integer("wave_count").notNull(),
  soakUntil: at("soak_until"),
  hostsWithoutProfile: integer("hosts_without_profile").notNull().default(0),
  acceptedFailures: integer("accepted_failures").notNull().default(0),
  hold: text("hold").notNull().default("{}"),
  signalAt: at("signal_at"),
  haltedAt: at("halted_at"),
  endedAt: at("ended_at"),
});

export const rolloutProfiles = pgTable(
  "rollout_profiles",
  {
    rollout: text("rollout").notNull(),
    profile: text("profile").notNull(),
    beforeGeneration: int8("before_generation").notNull(),
    targetGeneration: int8("target_generation").notNull(),
    provenGeneration: int8("proven_generation"),
    backGeneration: int8("back_generation"),
    changes: jsonb("changes").$type<readonly RolloutProfileChange[]>().notNull().default([]),
    waveHostCounts: jsonb("wave_host_counts").$type<readonly number[]>().notNull(),
    outsideHostCount: integer("outside_host_count").notNull().default(0),
    outsideHosts: jsonb("outside_hosts").$type<readonly HostId[]>().notNull().default([]),
    isLive: boolean("is_live").notNull().default(true),
  },
  (table) => [primaryKey({ columns: [table.rollout, table.profile] })],
);

export const rolloutHosts = pgTable(
  "rollout_hosts",
  {
    rollout: text("rollout").notNull(),
    host: text("host").notNull(),
    profile: text("profile").notNull(),
    wave: integer("wave").notNull(),
    hardwareClass: text("hardware_class").notNull(),
    state: text("state").$type<RolloutHostState>().notNull().default("waiting"),
    job: uuid("job"),
    isTouched: boolean("is_touched").notNull().default(false),
    begunAt: at("begun_at"),
    takenAt: at("taken_at"),
    checksBefore: jsonb("checks_before").$type<readonly CheckBefore[]>(),
    failure: jsonb("failure").$type<JobFailure>(),
    proof: text("proof").notNull().default("{}"),
    isEmptied: boolean("is_emptied").notNull().default(false),
    wasCordoned: boolean("was_cordoned").notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.rollout, table.host] })],
);

export const rolloutGates = pgTable(
  "rollout_gates",
  {
    rollout: text("rollout").notNull(),
    wave: integer("wave").notNull(),
    position: integer("position").notNull(),
    verdict: text("verdict").$type<GateVerdict>().notNull(),
    found: text("found").notNull().default(""),
    experiment: text("experiment"),
    isAccepted: boolean("is_accepted").notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.rollout, table.wave, table.position] })],
);
