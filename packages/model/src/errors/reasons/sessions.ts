import type { ReasonEntry } from "./reason-entry.ts";

/** Consoles and other live sessions between controllers and agents. */
export const SESSION_REASONS = {
  CONSOLE_BUSY: {
    code: "FAILED_PRECONDITION",
    summary: "Somebody else has the VM's console.",
    fix: "Ask them, or take it: swy vm console VM --take",
  },
  CONSOLE_TAKEN: {
    code: "ABORTED",
    summary: "Somebody else took the VM's console.",
    fix: "Ask them; then connect again.",
  },
  CONSOLE_IDLE: {
    code: "DEADLINE_EXCEEDED",
    summary: "Nothing went over the console for too long.",
    fix: "Connect again.",
  },
  CONSOLE_STALLED: {
    code: "DEADLINE_EXCEEDED",
    summary: "One end of the session did not read for too long.",
    fix: "Connect again; read long output with swy vm log VM --follow.",
  },
  SESSION_LOST: {
    code: "UNAVAILABLE",
    summary: "The way between controller and agent was interrupted.",
    fix: "Connect again.",
  },
  SESSIONS_TOO_MANY: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host has as many live sessions as it takes.",
    fix: "End one of them.",
  },
} as const satisfies Record<string, ReasonEntry>;
