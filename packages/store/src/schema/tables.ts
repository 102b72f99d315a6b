import type {
  Cordon,
  DatapathMode,
  DiskSeal,
  Drift,
  EnvironmentOfHost,
  ExperimentMode,
  ExperimentOutcome,
  ExperimentRound,
  ExperimentSpec,
  ExperimentState,
  Fence,
  GateVerdict,
  HostDesired,
  HostKind,
  HostPlan,
  HostProfileSpec,
  ImageSpec,
  Inventory,
  JobFailure,
  JobKind,
  JobResult,
  JobSpec,
  JobState,
  LabelSelector,
  ModeBaseline,
  MoveCause,
  MovePhase,
  NetworkSpec,
  NicKind,
  RolloutHostState,
  RolloutSpec,
  RolloutState,
  RoundOutput,
  VmDesired,
  VmSpec,
  VmState,
} from "@switchyard/model";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  inet,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import type { HostState } from "../hosts/host-record.ts";
import type { ImageCopyState } from "../images/image-queries.ts";
import type { StoredEvent } from "../jobs/stored-events.ts";
import type { PlanState } from "../plans/plan-queries.ts";
import type { CheckBefore } from "../rollouts/rollout-queries.ts";

/*
 * The tables as drizzle sees them. The truth is migrations/*.sql; schema.test.ts compares the two.
 */

const at = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
const int8 = (name: string) => bigint(name, { mode: "number" });
const revision = () => int8("revision").notNull().default(sql`nextval('revisions')`);
const createdAt = () => at("created_at").notNull().defaultNow();
const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });
const int8multirange = customType<{ data: string }>({ dataType: () => "int8multirange" });
const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

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

export const profiles = pgTable("profiles", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  generation: int8("generation").notNull().default(1),
  createdAt: createdAt(),
  updatedAt: at("updated_at").notNull().defaultNow(),
  spec: jsonb("spec").$type<HostProfileSpec>().notNull(),
});

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

export const rollouts = pgTable("rollouts", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  createdAt: createdAt(),
  actor: text("actor").notNull(),
  profile: text("profile").notNull(),
  spec: jsonb("spec").$type<RolloutSpec>().notNull(),
  state: text("state").$type<RolloutState>().notNull(),
  stateReason: text("state_reason").notNull().default("{}"),
  resumeState: text("resume_state").$type<RolloutState>(),
  wave: integer("wave").notNull().default(1),
  waveCount: integer("wave_count").notNull(),
  soakUntil: at("soak_until"),
  targetGeneration: int8("target_generation").notNull(),
  targetSpec: jsonb("target_spec").$type<HostProfileSpec>().notNull(),
  provenSpec: jsonb("proven_spec").$type<HostProfileSpec>(),
  acceptedFailures: integer("accepted_failures").notNull().default(0),
  hold: text("hold").notNull().default("{}"),
  signalAt: at("signal_at"),
  haltedAt: at("halted_at"),
  endedAt: at("ended_at"),
});

export const rolloutHosts = pgTable(
  "rollout_hosts",
  {
    rollout: text("rollout").notNull(),
    host: text("host").notNull(),
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

export const experiments = pgTable("experiments", {
  name: text("name").primaryKey(),
  uid: uuid("uid").notNull(),
  revision: revision(),
  createdAt: createdAt(),
  actor: text("actor").notNull(),
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
  job: uuid("job"),
  tries: integer("tries").notNull().default(0),
  nextTryAt: at("next_try_at").notNull().defaultNow(),
  failure: jsonb("failure").$type<JobFailure>(),
  actor: text("actor").notNull(),
  createdAt: createdAt(),
  endedAt: at("ended_at"),
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
});

export const telemetryStray = pgTable("telemetry_stray", {
  ts: at("ts").notNull(),
  series: integer("series").notNull(),
  value: doublePrecision("value").notNull(),
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
