import { PREFLIGHT_CHECKS, type PreflightCheckId } from "@switchyard/model";
import type { PreflightFacts } from "../diagnosis/facts.ts";
import type { PreflightCheck, Verdict } from "../diagnosis/verdict.ts";
import { NIC_RUNS } from "./checks/nic.ts";
import { PLATFORM_RUNS } from "./checks/platform.ts";
import { SYSTEM_RUNS } from "./checks/system.ts";

/** One function for each fact: the doctor runs it on the host as it is, a plan on the host as it will be. */
export const PREFLIGHT_RUNS: Readonly<Record<PreflightCheckId, PreflightCheck>> = {
  ...PLATFORM_RUNS,
  ...NIC_RUNS,
  ...SYSTEM_RUNS,
};

/** All of them, in their order, with what each says. */
export const preflightHost = (
  facts: PreflightFacts,
): readonly (Verdict & { readonly id: PreflightCheckId })[] =>
  PREFLIGHT_CHECKS.map((id) => ({ id, ...PREFLIGHT_RUNS[id](facts) }));
