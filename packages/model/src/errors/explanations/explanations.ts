import type { Reason } from "../reasons/reasons.ts";
import { ACCESS_EXPLANATIONS } from "./access.ts";
import { BMC_EXPLANATIONS } from "./bmc.ts";
import { DISPATCH_EXPLANATIONS } from "./dispatch.ts";
import { DRIVER_EXPLANATIONS } from "./driver.ts";
import { EXPERIMENT_EXPLANATIONS } from "./experiments.ts";
import type { Explanation } from "./explanation.ts";
import { FIRMWARE_EXPLANATIONS } from "./firmware.ts";
import { FLEET_EXPLANATIONS } from "./fleet.ts";
import { IMAGE_EXPLANATIONS } from "./images.ts";
import { INPUT_EXPLANATIONS } from "./input.ts";
import { MOVE_EXPLANATIONS } from "./moves.ts";
import { NIC_EXPLANATIONS } from "./nic.ts";
import { PLAN_EXPLANATIONS } from "./plans.ts";
import { PREFLIGHT_EXPLANATIONS } from "./preflight.ts";
import { REPORT_EXPLANATIONS } from "./reports.ts";
import { RESOURCE_EXPLANATIONS } from "./resources.ts";
import { RESTORE_EXPLANATIONS } from "./restore.ts";
import { SESSION_EXPLANATIONS } from "./sessions.ts";
import { SYSTEM_EXPLANATIONS } from "./system.ts";
import { TELEMETRY_EXPLANATIONS } from "./telemetry.ts";
import { VM_EXPLANATIONS } from "./vms.ts";

/** Of every reason, in the order of the reasons. */
const EXPLANATIONS: Readonly<Record<Reason, Explanation>> = {
  ...INPUT_EXPLANATIONS,
  ...RESOURCE_EXPLANATIONS,
  ...PLAN_EXPLANATIONS,
  ...NIC_EXPLANATIONS,
  ...DRIVER_EXPLANATIONS,
  ...FIRMWARE_EXPLANATIONS,
  ...SYSTEM_EXPLANATIONS,
  ...PREFLIGHT_EXPLANATIONS,
  ...RESTORE_EXPLANATIONS,
  ...VM_EXPLANATIONS,
  ...IMAGE_EXPLANATIONS,
  ...MOVE_EXPLANATIONS,
  ...EXPERIMENT_EXPLANATIONS,
  ...FLEET_EXPLANATIONS,
  ...DISPATCH_EXPLANATIONS,
  ...TELEMETRY_EXPLANATIONS,
  ...SESSION_EXPLANATIONS,
  ...BMC_EXPLANATIONS,
  ...ACCESS_EXPLANATIONS,
  ...REPORT_EXPLANATIONS,
};

export const explanationOf = (reason: Reason): Explanation => EXPLANATIONS[reason];
