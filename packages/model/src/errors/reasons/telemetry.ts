import type { ReasonEntry } from "./reason-entry.ts";

/** Samples and what is asked of them. */
export const TELEMETRY_REASONS = {
  QUERY_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The query would read or give more than one answer may hold.",
    fix: "Take a longer step, a shorter range, or fewer hosts and groups.",
  },
} as const satisfies Record<string, ReasonEntry>;
