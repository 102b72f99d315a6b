export type { Explanation } from "./explanations/explanation.ts";
export { explanationOf } from "./explanations/explanations.ts";
export {
  isReason,
  REASONS,
  type Reason,
  type ReasonEntry,
  type StatusCode,
} from "./reasons/reasons.ts";
export {
  assert,
  assertNever,
  CommandError,
  DispatchError,
  type ErrorMetadata,
  type FieldViolation,
  HostError,
  InvalidInputError,
  InvariantError,
  isOutcomeUnknown,
  PlanningError,
  type Retry,
  StoreError,
  SwitchyardError,
} from "./switchyard-error.ts";
