import type { ReasonEntry } from "./reason-entry.ts";

/** What a host does by itself after a boot. */
export const RESTORE_REASONS = {
  RESTORE_UNSAFE: {
    code: "FAILED_PRECONDITION",
    summary: "What a boot took away can't be made again without taking something else away.",
    fix: "Look at what was found, then create a plan for the host.",
  },
  HARDWARE_CHANGED: {
    code: "FAILED_PRECONDITION",
    summary: "The host has other NICs than when its datapath was applied.",
    fix: "Create a new plan for the host; its profile may have to name another uplink.",
  },
  RESTORE_FAILED: {
    code: "INTERNAL",
    summary: "The host could not make again what a boot took away.",
    fix: "Look at the step that failed, then create a plan for the host.",
  },
} as const satisfies Record<string, ReasonEntry>;
