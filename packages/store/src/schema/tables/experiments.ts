import type {
  EnvironmentOfHost,
  ExperimentMode,
  ExperimentOutcome,
  ExperimentRound,
  ExperimentSpec,
  ExperimentState,
  HostKind,
  JobFailure,
  ModeBaseline,
  RoundOutput,
} from "@switchyard/model";
import { boolean, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { at, createdAt, int8, revision } from "../columns.ts";

export const experiments = pgTable("experiments", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  createdAt: createdAt(),
  actor: text("actor").notNull(),
  traceparent: text("traceparent").notNull().default(""),
  spec: jsonb("spec").$type<ExperimentSpec>().notNull(),
  ground: text("ground").$type<HostKind>().notNull(),
  seed: int8("seed").notNull(),
  modeOrder: jsonb("mode_order").$type<readonly ExperimentMode[]>().notNull(),
  modeIndex: integer("mode_index").notNull().default(0),
  state: text("state").$type<ExperimentState>().notNull(),
  stateReason: text("state_reason").notNull().default("{}"),
  deadline: at("deadline").notNull(),
  outcome: text("outcome").$type<ExperimentOutcome>(),
  failure: jsonb("failure").$type<JobFailure>(),
  environment: jsonb("environment").$type<readonly EnvironmentOfHost[]>().notNull(),
  baselines: jsonb("baselines")
    .$type<Readonly<Partial<Record<ExperimentMode, ModeBaseline>>>>()
    .notNull()
    .default({}),
  heldBy: uuid("held_by"),
  heldUntil: at("held_until"),
  quietAt: at("quiet_at"),
  endedAt: at("ended_at"),
});

export const experimentHosts = pgTable(
  "experiment_hosts",
  {
    experiment: text("experiment").notNull(),
    host: text("host").notNull(),
    place: integer("place").notNull(),
    job: uuid("job"),
    tries: integer("tries").notNull().default(0),
    isDone: boolean("is_done").notNull().default(false),
    isReleased: boolean("is_released").notNull().default(false),
    failure: jsonb("failure").$type<JobFailure>(),
  },
  (table) => [primaryKey({ columns: [table.experiment, table.host] })],
);

export const experimentRounds = pgTable(
  "experiment_rounds",
  {
    experiment: text("experiment").notNull(),
    mode: text("mode").notNull(),
    round: integer("round").notNull(),
    reading: jsonb("reading").$type<ExperimentRound>().notNull(),
    output: jsonb("output").$type<RoundOutput>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.experiment, table.mode, table.round] })],
);
