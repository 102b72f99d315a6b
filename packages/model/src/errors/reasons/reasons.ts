import { ACCESS_REASONS } from "./access.ts";
import { BMC_REASONS } from "./bmc.ts";
import { DISPATCH_REASONS } from "./dispatch.ts";
import { DRIVER_REASONS } from "./driver.ts";
import { EXPERIMENT_REASONS } from "./experiments.ts";
import { FIRMWARE_REASONS } from "./firmware.ts";
import { FLEET_REASONS } from "./fleet.ts";
import { IMAGE_REASONS } from "./images.ts";
import { INPUT_REASONS } from "./input.ts";
import { MOVE_REASONS } from "./moves.ts";
import { NIC_REASONS } from "./nic.ts";
import { PLAN_REASONS } from "./plans.ts";
import { PREFLIGHT_REASONS } from "./preflight.ts";
import { REPORT_REASONS } from "./reports.ts";
import { RESOURCE_REASONS } from "./resources.ts";
import { RESTORE_REASONS } from "./restore.ts";
import { SESSION_REASONS } from "./sessions.ts";
import { SYSTEM_REASONS } from "./system.ts";
import { TELEMETRY_REASONS } from "./telemetry.ts";
import { VM_REASONS } from "./vms.ts";

/** By what they are about. */
export const REASON_GROUPS = [
  INPUT_REASONS,
  RESOURCE_REASONS,
  PLAN_REASONS,
  NIC_REASONS,
  DRIVER_REASONS,
  FIRMWARE_REASONS,
  SYSTEM_REASONS,
  PREFLIGHT_REASONS,
  RESTORE_REASONS,
  VM_REASONS,
  IMAGE_REASONS,
  MOVE_REASONS,
  EXPERIMENT_REASONS,
  FLEET_REASONS,
  DISPATCH_REASONS,
  TELEMETRY_REASONS,
  SESSION_REASONS,
  BMC_REASONS,
  ACCESS_REASONS,
  REPORT_REASONS,
] as const;

/**
 * Every stable reason, once. A reason is added only if some program treats it differently; it is never
 * renamed. The catalogue ids in comments are those of the diagnosis catalogue.
 */
export const REASONS = {
  ...INPUT_REASONS,
  ...RESOURCE_REASONS,
  ...PLAN_REASONS,
  ...NIC_REASONS,
  ...DRIVER_REASONS,
  ...FIRMWARE_REASONS,
  ...SYSTEM_REASONS,
  ...PREFLIGHT_REASONS,
  ...RESTORE_REASONS,
  ...VM_REASONS,
  ...IMAGE_REASONS,
  ...MOVE_REASONS,
  ...EXPERIMENT_REASONS,
  ...FLEET_REASONS,
  ...DISPATCH_REASONS,
  ...TELEMETRY_REASONS,
  ...SESSION_REASONS,
  ...BMC_REASONS,
  ...ACCESS_REASONS,
  ...REPORT_REASONS,
};

export type Reason = keyof typeof REASONS;

export const isReason = (text: string): text is Reason => Object.hasOwn(REASONS, text);
export type { ReasonEntry, StatusCode } from "./reason-entry.ts";
