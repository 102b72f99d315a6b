import type { PreflightCheckId } from "@switchyard/model";
import type { PreflightCheck } from "../diagnosis/verdict.ts";
import { NIC_RUNS } from "./checks/nic.ts";
import { PLATFORM_RUNS } from "./checks/platform.ts";
import { SYSTEM_RUNS } from "./checks/system.ts";

/** One function for each fact: the doctor runs it on the host as it is, a plan on the host as it will be. */
export const PREFLIGHT_RUNS: Readonly<Record<PreflightCheckId, PreflightCheck>> = {
  ...PLATFORM_RUNS,
  ...NIC_RUNS,
  ...SYSTEM_RUNS,
};
