import type { StatusCode } from "@switchyard/model";

/** Exit codes of every command, with what `swy help exit-codes` says about each. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: "done" },
  failed: { code: 1, meaning: "failed, or the work that was started failed" },
  usage: { code: 2, meaning: "the command line or a value in it is not valid" },
  notFound: { code: 3, meaning: "no such resource" },
  unauthenticated: { code: 4, meaning: "no valid credentials" },
  permission: { code: 5, meaning: "the role does not allow it" },
  conflict: { code: 6, meaning: "it changed since it was read, or the name is taken" },
  precondition: {
    code: 7,
    meaning: "something must be mended first, there is no capacity, or the doctor found errors",
  },
  unavailable: { code: 8, meaning: "timed out, or the controller can't be reached" },
  changes: { code: 10, meaning: "changes are present (only with --exit-code)" },
  interrupted: { code: 130, meaning: "interrupted; work that was started goes on" },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES]["code"];

/** What a shell adds to the number of the signal that ended a program. */
export const SIGNAL_STATUS_BASE = 128;

/** What a program that ran on the caller's machine ended with, handed on as it is. */
export type ProgramStatus = number & { readonly isProgramStatus: true };

const BY_STATUS: Readonly<Record<StatusCode | "CANCELLED", ExitCode>> = {
  INVALID_ARGUMENT: EXIT_CODES.usage.code,
  NOT_FOUND: EXIT_CODES.notFound.code,
  ALREADY_EXISTS: EXIT_CODES.conflict.code,
  FAILED_PRECONDITION: EXIT_CODES.precondition.code,
  ABORTED: EXIT_CODES.conflict.code,
  OUT_OF_RANGE: EXIT_CODES.conflict.code,
  RESOURCE_EXHAUSTED: EXIT_CODES.precondition.code,
  PERMISSION_DENIED: EXIT_CODES.permission.code,
  UNAUTHENTICATED: EXIT_CODES.unauthenticated.code,
  UNAVAILABLE: EXIT_CODES.unavailable.code,
  DEADLINE_EXCEEDED: EXIT_CODES.unavailable.code,
  UNIMPLEMENTED: EXIT_CODES.failed.code,
  INTERNAL: EXIT_CODES.failed.code,
  CANCELLED: EXIT_CODES.interrupted.code,
};

/** @param status name of a gRPC status, such as `NOT_FOUND` */
export const exitCodeOfStatus = (status: string): ExitCode =>
  Object.hasOwn(BY_STATUS, status)
    ? BY_STATUS[status as keyof typeof BY_STATUS]
    : EXIT_CODES.failed.code;
