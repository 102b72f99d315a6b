export type { Finding, FindingSeverity } from "./finding.ts";
export { formatCommand } from "./format-command.ts";
export type { HostPlan } from "./plan.ts";
export {
  BOOTS_OF_JOB_MAX,
  type RebootEffect,
  type RebootEffectKind,
  type RebootEffectOf,
  type RebootEffects,
} from "./reboot-effect.ts";
export type {
  Disruption,
  LinkRef,
  PlannedCommand,
  Step,
  StepArguments,
  StepKind,
  StepOf,
  VfRef,
} from "./step.ts";
