import type { ReasonEntry } from "./reason-entry.ts";

/** Who may call, and whether anybody answers. */
export const ACCESS_REASONS = {
  TOKEN_INVALID: {
    code: "UNAUTHENTICATED",
    summary: "The enrolment token is unknown, used or expired.",
    fix: "Create a new one: swy host enroll HOST",
  },
  CREDENTIALS_INVALID: {
    code: "UNAUTHENTICATED",
    summary: "The caller sent no bearer token, or one that is not known.",
    fix: "Send `authorization: Bearer TOKEN` with a token of the controller's table.",
  },
  PERMISSION_MISSING: {
    code: "PERMISSION_DENIED",
    summary: "The caller's role does not allow this.",
    fix: "Ask an admin for the role named.",
  },
  CALL_TIMED_OUT: {
    code: "DEADLINE_EXCEEDED",
    summary: "The controller did not answer in time; the change may have been made.",
    fix: "Send the call again with the same request id.",
  },
  DATABASE_UNAVAILABLE: {
    code: "UNAVAILABLE",
    summary: "The database does not answer.",
    fix: "Try again shortly.",
  },
  BUS_UNAVAILABLE: {
    code: "UNAVAILABLE",
    summary: "NATS does not answer.",
    fix: "Try again shortly.",
  },
  CONFIG_INVALID: {
    code: "FAILED_PRECONDITION",
    summary: "A process can't start with this configuration.",
    fix: "Correct the setting named.",
  },
  INVARIANT_BROKEN: {
    code: "INTERNAL",
    summary: "A bug in Switchyard.",
    fix: "Report it with the log.",
  },
} as const satisfies Record<string, ReasonEntry>;
