import type { DISPATCH_REASONS } from "../reasons/dispatch.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const DISPATCH_EXPLANATIONS: ExplanationsOf<typeof DISPATCH_REASONS> = {
  COMMAND_NOT_STARTED: because(["the program is not installed"], "AGENT-INVENTORY"),
  COMMAND_FAILED: because(["the program refused; its message says why"], "AGENT-INVENTORY"),
  COMMAND_TIMED_OUT: because(["the kernel waits for a device", "the host is overloaded"], "A10"),
  COMMAND_OUTPUT_UNREADABLE: because(["the tool is newer or older than those known"]),
  FILE_ACCESS_FAILED: because(["the file is gone", "the kernel refused"], "AGENT-INVENTORY"),
  STEP_OUTCOME_UNKNOWN: because(
    ["the agent died during the step and the host can't tell"],
    "AGENT-JOBS",
  ),
  JOB_EXPIRED: because(
    ["the host was away for longer than the job lives"],
    "AGENT-ALIVE",
    "CTL-OUTBOX",
  ),
  JOB_STALE: because(["a newer job or enrolment took its place"]),
  JOB_CANCELLED: because(["somebody asked for it"]),
  JOB_TOO_MANY_ATTEMPTS: because(["the same step fails each time"], "AGENT-JOBS"),
  ENVELOPE_REJECTED: because(
    ["the controller's signing key changed", "a forged message"],
    "CTL-BUS",
  ),
  LEDGER_CORRUPT: because(["the disk lost or changed what was written"], "AGENT-LEDGER"),
  LEDGER_FULL: because(["the disk is full"], "AGENT-LEDGER", "HOST-DISK"),
};
