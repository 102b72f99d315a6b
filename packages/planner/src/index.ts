export {
  firstFreeBridgeAddress,
  firstFreeIpv4,
  firstFreeMac,
  type Range,
} from "./addresses/addresses.ts";
export { withAdoptedBridge } from "./adoption/adopted-bridge.ts";
export { describeHost, desireAsFound, type HostDescription } from "./adoption/describe-host.ts";
export {
  type ControllerFacts,
  diagnoseController,
  type PartAnswer,
} from "./diagnosis/diagnose-controller.ts";
export { diagnoseHost, HOST_CHECK_IDS, worstStatus } from "./diagnosis/diagnose-host.ts";
export {
  type AnsweredStep,
  explainSymptom,
  type Likelihood,
  type RankedCause,
  type SymptomAnswer,
} from "./diagnosis/explain-symptom.ts";
export type { HostFacts, MacHolder, PlacedVm, RecentJob } from "./diagnosis/facts.ts";
export { isTellingKernelLine } from "./diagnosis/kernel-texts.ts";
export {
  decideExperiment,
  type ExperimentAction,
  type ExperimentDecision,
} from "./experiment/decide-experiment.ts";
export { environmentOf } from "./experiment/environment.ts";
export type {
  ExperimentHostView,
  ExperimentView,
  ExperimentVmView,
} from "./experiment/experiment-view.ts";
export { judgeOffload } from "./experiment/judge-offload.ts";
export { type LoadOver, loadOver } from "./experiment/load-over.ts";
export { orderModes } from "./experiment/order-modes.ts";
export { type NoReading, parseIperf3 } from "./experiment/parse-iperf3.ts";
export { parsePingTimes } from "./experiment/parse-ping-times.ts";
export { diffHost, type FieldDifference } from "./host/diff/diff-host.ts";
export { isBlocked, planHost } from "./host/plan-host.ts";
export {
  type AppliedDatapath,
  type PortIdentity,
  planRestore,
  portsOf,
  restorableWish,
} from "./host/restore/plan-restore.ts";
export { decideMove, type MoveDecision, type MoveFacts } from "./moves/decide-move.ts";
export {
  liveObstacle,
  MIGRATION_METHODS,
  type MigrationCapability,
  type MigrationMethod,
  type MigrationObstacle,
  migrationCapability,
} from "./moves/migration-capability.ts";
export { type CardPort, cardPorts, isBetweenCardPorts } from "./offload/card-ports.ts";
export { createSoftwareJudge, type SoftwareVerdict } from "./offload/why-software.ts";
export { isMeant } from "./placement/affinity.ts";
export {
  type CandidateHost,
  type FreeSlot,
  freeVcpuCount,
  memoryForVms,
  orderSlots,
  ordinaryMemoryBytes,
  type Resident,
  usableMemoryBytes,
} from "./placement/candidate.ts";
export {
  explainPlacement,
  type PlaceVerdict,
  type WeigherScore,
} from "./placement/explain.ts";
export type { FilterName, Refusal, RejectedHost } from "./placement/filters/filter.ts";
export { createJudgements, type Judgements } from "./placement/judgements.ts";
export type { HostPin, NicNeed, PlacementNeeds } from "./placement/needs.ts";
export {
  type PlacedNic,
  type Placement,
  planPlacement,
  type VmPlace,
  withResident,
} from "./placement/plan-placement.ts";
export { refusedByRules } from "./placement/refused-by-rules.ts";
export { planJob } from "./plan-job.ts";
export { lockedDownBy } from "./preflight/lockdown.ts";
export { preflightHost } from "./preflight/preflight.ts";
export { decideRollout, type RolloutDecision } from "./rollout/decide-rollout.ts";
export { gatesOf } from "./rollout/gates.ts";
export { hardwareClass } from "./rollout/hardware-class.ts";
export { type HostVerdict, judgeHost } from "./rollout/judge-host.ts";
export { type HostOfClass, planWaves } from "./rollout/plan-waves.ts";
export {
  type GateView,
  isInWindow,
  type RolloutHostView,
  type RolloutView,
} from "./rollout/rollout-view.ts";
export { applyChanges, changesBetween } from "./snapshots/changes.ts";
export { areasOfStep } from "./snapshots/step-areas.ts";
export { unfoldSeries } from "./snapshots/unfold.ts";
export { type CachedImage, planEviction } from "./vm/evict-images.ts";
export {
  findDeviceLeaks,
  findLeaks,
  type Leak,
  type OwnedDevice,
  type OwningVm,
} from "./vm/find-leaks.ts";
export { judgeVm, type VmOnRecord, type VmVerdict } from "./vm/judge-vm.ts";
export { lintNetwork, lintVm, type NicSurroundings, type VmSurroundings } from "./vm/lint.ts";
export { planNoop, planPing, planVmDelete, planVmStart, type VmPlan } from "./vm/plan-vm.ts";
export { libvirtMisfit } from "./vm/runtime-findings.ts";
