import type { ReasonEntry } from "./reason-entry.ts";

/** The fleet as a whole. */
export const FLEET_REASONS = {
  FLEET_FROZEN: {
    code: "FAILED_PRECONDITION",
    summary:
      "Many hosts were lost at once, or the database was restored: nothing is begun by itself.",
    fix: "swy fleet get",
  },
  FLEET_NOT_FROZEN: {
    code: "FAILED_PRECONDITION",
    summary: "The fleet is not frozen.",
    fix: "swy fleet get",
  },
  FLEET_UNSETTLED: {
    code: "FAILED_PRECONDITION",
    summary:
      "After a restore, hosts have not reported yet or run VMs that are not on record there.",
    fix: "swy fleet get",
  },
} as const satisfies Record<string, ReasonEntry>;
