import type { ReasonEntry } from "./reason-entry.ts";

/** Experiments. */
export const EXPERIMENT_REASONS = {
  EXPERIMENT_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No experiment has this name.",
    fix: "swy bench list",
  },
  EXPERIMENT_STATE_WRONG: {
    code: "FAILED_PRECONDITION",
    summary: "The experiment is in a state in which this can't be done.",
    fix: "Read its state and the reason for it: swy bench get EXPERIMENT",
  },
  EXPERIMENT_HOST_UNFIT: {
    code: "FAILED_PRECONDITION",
    summary:
      "The host is not as an experiment needs it, because it could not be brought back to what it is now.",
    fix: "Bring it to its profile first: swy plan create --host HOST",
  },
  EXPERIMENT_TIMED_OUT: {
    code: "DEADLINE_EXCEEDED",
    summary: "A part of the experiment took longer than it may.",
    fix: "Look at the jobs of its hosts: swy job list --host HOST",
  },
  EXPERIMENT_NOT_RESTORED: {
    code: "FAILED_PRECONDITION",
    summary: "A host could not be brought back to its profile after the experiment.",
    fix: "swy plan create --host HOST",
  },
  HOST_IN_EXPERIMENT: {
    code: "FAILED_PRECONDITION",
    summary: "An experiment has the host, and nobody else changes it meanwhile.",
    fix: "Wait for its end, or end it: swy bench cancel EXPERIMENT",
  },
  MEASUREMENT_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "A tool that measures in the guests gave no figures.",
    fix: "Run it by hand: swy vm exec VM -- iperf3 --version",
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>;
