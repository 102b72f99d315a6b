export {
  AGENT_INTERVALS,
  type Agent,
  type AgentIntervals,
  type AgentOptions,
  createAgent,
} from "./agent.ts";
export { type ExamineOptions, examineHost } from "./diagnosis/examine-host.ts";
export {
  type EnrollAnswer,
  type EnrollCall,
  type EnrollRequest,
  enroll,
} from "./enrolment/enroll.ts";
export { createGrpcEnrollCall } from "./enrolment/grpc-enroll-call.ts";
export {
  findIdentity,
  type Identity,
  loadOrCreateHostKey,
  saveIdentity,
} from "./enrolment/identity.ts";
export { createHostReaders } from "./inventory/host-readers.ts";
export { loadMappedNicProfiles } from "./inventory/nic-profiles.ts";
export { createReadCache, type ReadCache } from "./inventory/read-cache.ts";
export { type InventoryOptions, readInventory } from "./inventory/read-inventory.ts";
export {
  CRASH_PHASES,
  type CrashPhase,
  type CrashPlace,
  type CrashPoint,
  formatCrashPlace,
} from "./jobs/crash-point.ts";
export { createFileStorage } from "./ledger/file-storage.ts";
export { createMemoryStorage } from "./ledger/memory-storage.ts";
export type { LedgerFile, LedgerStorage } from "./ledger/storage.ts";
export { type Observability, startObservability } from "./observability/start-observability.ts";
export {
  createPatientBus,
  type PatientBus,
  type PatientBusOptions,
} from "./process/patient-bus.ts";
export { type EnrollCallFactory, type OpenHost, runAgentProcess } from "./process/run-agent.ts";
export { type RestoreOnceOptions, restoreOnce } from "./restore/restore-once.ts";
export {
  type Collector,
  type CollectorOptions,
  createCollector,
} from "./telemetry/collect/collector.ts";
export type { SelfReadings } from "./telemetry/collect/sources/agent.ts";
export { createOffloadWatch, type OffloadWatch } from "./telemetry/offload/offload-watch.ts";
export { AGENT_VERSION } from "./version.ts";
