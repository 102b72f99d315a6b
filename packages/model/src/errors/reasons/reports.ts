import type { ReasonEntry } from "./reason-entry.ts";

/** Comparing experiments, and their files. */
export const REPORT_REASONS = {
  EXPERIMENTS_NOT_COMPARABLE: {
    code: "INVALID_ARGUMENT",
    summary: "A comparison is of one experiment's modes, or of two or three experiments.",
    fix: "swy bench compare A B",
  },
  CONDITION_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A condition is no bound on the change of a metric.",
    fix: "Write it like throughput<-5% or latency-p99>+10%, in quotes.",
  },
  EXPERIMENT_FILE_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "The document is no result of an experiment that this release can read.",
    fix: "swy bench export EXPERIMENT --file result.json",
  },
} as const satisfies Record<string, ReasonEntry>;
