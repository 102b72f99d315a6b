export {
  type AgentBus,
  type AskedDiskPiece,
  type BusEnd,
  COMMAND_VERBS,
  type CommandAnswer,
  type CommandVerb,
  type DiskPieceFetch,
  type HeartbeatReport,
  type InventoryReport,
  type ReceivedCommand,
  type ReceivedJob,
  SIGNED_VERBS,
  type SignedVerb,
  type Subscription,
} from "./agent-bus.ts";
export { renderServerConfig, type ServerConfigWords } from "./authorization/server-config.ts";
export {
  type BusUsers,
  type HostPermissions,
  type HostUser,
  hostPermissions,
  renderUsers,
} from "./authorization/users.ts";
export {
  createUsersFile,
  signalServer,
  type UsersFile,
  type UsersFileOptions,
} from "./authorization/users-file.ts";
export { type Coalescer, type CoalescerOptions, createCoalescer } from "./coalescer.ts";
export type { TlsFiles } from "./connection/connection.ts";
export type { PublishOutcome } from "./connection/stored-publisher.ts";
export type {
  ControllerBus,
  Delivery,
  HostCommandRequest,
  OpenedSession,
  VmRequest,
} from "./controller-bus.ts";
export type { DiskPiece } from "./envelopes/disk-piece.ts";
export { type DiskTicket, sealDiskTicket } from "./envelopes/disk-ticket.ts";
export type { DecodedEvents } from "./envelopes/event-envelope.ts";
export type { HostHeartbeat } from "./envelopes/heartbeat.ts";
export type { AgentSession, DecodedInventory } from "./envelopes/inventory-envelope.ts";
export type { OutgoingJob } from "./envelopes/job-envelope.ts";
export type { ReceivedRequest } from "./envelopes/signed-request.ts";
export {
  createTelemetryEncoder,
  decodeTelemetry,
  type EncodedBatch,
  type HostTelemetry,
  type SeriesName,
  TELEMETRY_BATCH_SAMPLES_MAX,
  type TelemetryEncoder,
} from "./envelopes/telemetry-batch.ts";
export {
  createHostKey,
  createHostVerifier,
  type HostKey,
  hostKeyFromSeed,
  parseNkeyPublic,
  type SignedBytes,
  sealForHost,
  type VerifyHost,
} from "./keys/host-key.ts";
export {
  createSigningKey,
  loadOrCreateSigningKey,
  type SigningKey,
  type VerifyingKey,
} from "./keys/signing-key.ts";
export { type AgentBusOptions, createAgentBus } from "./nats-agent-bus.ts";
export { type ControllerBusOptions, createControllerBus } from "./nats-controller-bus.ts";
export {
  openSessionChannel,
  type SessionChannel,
  type SessionWire,
  sessionError,
} from "./sessions/session-channel.ts";
export type { BacklogOfKind } from "./streams/read-backlog.ts";
export type { StreamKeeper } from "./streams/stream-keeper.ts";
export { SHARD_COUNT, shardOf } from "./subjects.ts";
export type { SampleColumns } from "./telemetry/columns.ts";
