export type { AuditEvent, AuditReads, AuditWrites } from "./audit/audit-queries.ts";
export type {
  Change,
  ChangeKind,
  ChangeOperation,
  ChangeRecords,
  Log,
  LogCursor,
  LogPage,
} from "./changes/change.ts";
export { createStore, type JobEndEffects, type StoreOptions } from "./create-store.ts";
export type {
  ExperimentChange,
  ExperimentDraft,
  ExperimentHostChange,
  ExperimentHostRecord,
  ExperimentHostStatus,
  ExperimentReads,
  ExperimentRecord,
  ExperimentWrites,
  RoundKey,
} from "./experiments/experiment-queries.ts";
export type {
  FleetChange,
  FleetHost,
  FleetStore,
  ResidentRecord,
} from "./fleet/fleet-store.ts";
export type { HostReads, HostWrites } from "./hosts/host-queries.ts";
export type {
  BridgeAddressReservation,
  EnrollmentDraft,
  EnrollmentTokenDraft,
  HostLease,
  HostRecord,
  HostState,
  HostUse,
  InventoryOutcome,
  InventoryUpdate,
  SlotRecord,
  SlotReservation,
} from "./hosts/host-record.ts";
export type { BeatReport, HostBeat, PresenceStore, SweepReport } from "./hosts/presence.ts";
export type {
  ImageCopyRecord,
  ImageCopyState,
  ImageReads,
  ImageRecord,
  ImageWrites,
} from "./images/image-queries.ts";
export type {
  BatchedJobDraft,
  DispatchStore,
  ExpiryReport,
  JobCreation,
} from "./jobs/dispatch.ts";
export type { JobReads, JobWrites, RecentJob } from "./jobs/job-queries.ts";
export type {
  HostChange,
  JobDraft,
  JobEnd,
  JobEndState,
  JobEventBatch,
  JobEventOutcome,
  JobRecord,
  OutgoingJob,
} from "./jobs/job-record.ts";
export { toOutgoingJob } from "./jobs/job-rows.ts";
export type { SnapshotStore, WantedSnapshots } from "./jobs/snapshot-store.ts";
export type {
  MoveChange,
  MoveDraft,
  MoveReads,
  MoveRecord,
  MoveWrites,
  TargetOutcome,
  TargetPlacement,
} from "./moves/move-queries.ts";
export type { NetworkReads, NetworkRecord, NetworkWrites } from "./networks/network-queries.ts";
export type {
  FleetStatus,
  HostStatus,
  ObservabilityStore,
  PoolStatus,
  WorkMark,
} from "./observability/observability-store.ts";
export type { Page, PageRequest } from "./page.ts";
export type {
  GroupOutcome,
  PlacedAround,
  PlacementGroup,
  PlacementStore,
  PlannedVm,
  RuleCheck,
  StaleVm,
} from "./placement/placement-store.ts";
export type { PlanReads, PlanRecord, PlanState, PlanWrites } from "./plans/plan-queries.ts";
export type { ProfileReads, ProfileRecord, ProfileWrites } from "./profiles/profile-queries.ts";
export type { RequestKey } from "./requests/request.ts";
export type {
  CheckBefore,
  EmptiedHost,
  RolloutCounts,
  RolloutDraft,
  RolloutHostChange,
  RolloutHostNote,
  RolloutHostRecord,
  RolloutHostStatus,
  RolloutProfileRecord,
  RolloutReads,
  RolloutRecord,
  RolloutWrites,
} from "./rollouts/rollout-queries.ts";
export type {
  SigningKeyReads,
  SigningKeyRecord,
  SigningKeyWrites,
} from "./signing-keys/signing-key-queries.ts";
export type { MaintenanceReport, Reads, Store, Transaction, WriteContext } from "./store.ts";
export { type LevelName, RETENTION_DEFAULT, type Retention } from "./telemetry/levels.ts";
export type { RollUpReport } from "./telemetry/roll-up-all.ts";
export {
  AGGREGATIONS,
  type Aggregation,
  type GroupKey,
  QUERY_POINTS_MAX,
  QUERY_SERIES_MAX,
  type SeriesAnswer,
  type SeriesGroup,
  type SeriesPoint,
  type SeriesQuery,
} from "./telemetry/series-query.ts";
export type {
  NamedSeries,
  SampleRange,
  StoredSample,
  TelemetryInsertReport,
  TelemetryStore,
  TelemetryUpload,
} from "./telemetry/telemetry-store.ts";
export type {
  HostCapacity,
  NicPlacement,
  VmPlacement,
  VmReads,
  VmRecord,
  VmWrites,
} from "./vms/vm-queries.ts";
