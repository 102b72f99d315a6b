import type { ReasonEntry } from "./reason-entry.ts";

/** Commands on hosts, and jobs on their way to them. */
export const DISPATCH_REASONS = {
  COMMAND_NOT_STARTED: {
    code: "INTERNAL",
    summary: "A program could not be started.",
    fix: "Install the program on the host.",
  },
  COMMAND_FAILED: {
    code: "INTERNAL",
    summary: "A program ended with an error.",
    fix: "Read its output in the job's log.",
  },
  COMMAND_TIMED_OUT: {
    code: "DEADLINE_EXCEEDED",
    summary: "A program did not end in time; its outcome is unknown.",
    fix: "Observe the host before trying again.",
  },
  COMMAND_OUTPUT_UNREADABLE: {
    code: "INTERNAL",
    summary: "A program's output was not understood.",
    fix: "Report the output with the tool's version.",
  },
  FILE_ACCESS_FAILED: {
    code: "INTERNAL",
    summary: "A file of the host could not be read or written.",
    fix: "Read the error number in the job's log.",
  },
  STEP_OUTCOME_UNKNOWN: {
    code: "INTERNAL",
    summary: "A step was interrupted and its outcome can't be determined.",
    fix: "Look at the host, then plan again.",
  },
  JOB_EXPIRED: {
    code: "DEADLINE_EXCEEDED",
    summary: "The job was not accepted before it expired.",
    fix: "Start it again when the host is reachable.",
  },
  JOB_STALE: {
    code: "ABORTED",
    summary: "The host has accepted a newer epoch or generation.",
    fix: "Nothing: the newer one counts.",
  },
  JOB_CANCELLED: {
    code: "ABORTED",
    summary: "The job was cancelled.",
    fix: "Start it again if it is still wanted.",
  },
  JOB_TOO_MANY_ATTEMPTS: {
    code: "INTERNAL",
    summary: "The job failed on every attempt its budget allows.",
    fix: "Read its log.",
  },
  ENVELOPE_REJECTED: {
    code: "PERMISSION_DENIED",
    summary: "A job envelope's signature, host or digest is wrong.",
    fix: "Check the controller's signing keys.",
  },
  LEDGER_CORRUPT: {
    code: "INTERNAL",
    summary: "The agent's ledger has a broken record before its end.",
    fix: "Move the ledger away and enrol the host again.",
  },
  LEDGER_FULL: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The disk that holds the agent's ledger is full.",
    fix: "Free disk space on the host.",
  },
} as const satisfies Record<string, ReasonEntry>;
