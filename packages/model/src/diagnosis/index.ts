export {
  CHECK_GROUPS,
  CHECK_STATUSES,
  type CheckEntry,
  type CheckGroup,
  type CheckResult,
  type CheckStatus,
  type SafeFix,
} from "./check-entry.ts";
export {
  CHECKS,
  CHECKS_OF_CONTROLLER,
  CHECKS_OF_HOST,
  type CheckId,
  type ControllerCheckId,
  checkEntry,
  type HostCheckId,
  isCheckId,
} from "./checks.ts";
export {
  DECISION_ORDERS,
  type DecisionOrder,
  type DecisionOrderId,
  type DecisionStep,
} from "./decision-orders.ts";
export {
  OFFLOAD_CAUSES,
  type OffloadCause,
  type OffloadCauseEntry,
  offloadCauseEntry,
} from "./offload-cause.ts";
export {
  isPreflightCheck,
  PREFLIGHT_CHECKS,
  type PreflightCheckId,
} from "./preflight.ts";
export type { Confidence, SymptomEntry } from "./symptoms/symptom.ts";
export { isSymptomId, SYMPTOMS, type SymptomId } from "./symptoms.ts";
