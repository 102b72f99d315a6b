import { REASONS, type Reason, type StatusCode } from "./reasons/reasons.ts";

/** Whether the caller may try again: at once, never, or only after looking at the host. */
export type Retry = "safe" | "never" | "observe-first";

/** Facts of an error as strings; `found`, `needs` and `try` are shown to people under those words. */
export type ErrorMetadata = Readonly<Record<string, string>>;

export interface ErrorOptionsWithRetry extends ErrorOptions {
  readonly retry?: Retry;
}

/** The one base of all errors that leave a package. Compare `reason`, never the text. */
export class SwitchyardError extends Error {
  readonly reason: Reason;
  readonly metadata: ErrorMetadata;
  readonly retry: Retry;

  constructor(
    reason: Reason,
    message: string,
    metadata: ErrorMetadata = {},
    options: ErrorOptionsWithRetry = {},
  ) {
    super(message, options);
    this.name = new.target.name;
    this.reason = reason;
    this.metadata = metadata;
    this.retry = options.retry ?? "never";
  }

  get code(): StatusCode {
    return REASONS[this.reason].code;
  }
}

/** One field that is not valid: a path such as `spec.datapath.vf_count` and what is wrong with it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** Raised by model parsers and by the API's validation, before anything is changed. */
export class InvalidInputError extends SwitchyardError {
  readonly violations: readonly FieldViolation[];

  constructor(
    reason: Reason,
    message: string,
    metadata: ErrorMetadata = {},
    violations: readonly FieldViolation[] = [],
  ) {
    super(reason, message, metadata);
    this.violations = violations;
  }
}

/** Raised by the store: the record is absent, taken or stale. */
export class StoreError extends SwitchyardError {}
/** Raised by the planner: what is wanted can't be had from what is there. */
export class PlanningError extends SwitchyardError {}
/** Raised by a host's command runner: the program did not start, failed, or its outcome is unknown. */
export class CommandError extends SwitchyardError {}
/** Raised by host tools: the host refused, with the kernel's or the tool's own words in `metadata.stderr`. */
export class HostError extends SwitchyardError {}
/** Raised by dispatch and the agent: the job could not be handed over or is out of date. */
export class DispatchError extends SwitchyardError {}
/** A bug. Caught only at the edge of the process, which logs it and exits. */
export class InvariantError extends SwitchyardError {
  constructor(message: string, metadata: ErrorMetadata = {}) {
    super("INVARIANT_BROKEN", message, metadata);
  }
}

/** True when the error leaves open whether the change was made. */
export const isOutcomeUnknown = (error: unknown): boolean =>
  error instanceof SwitchyardError && error.retry === "observe-first";

/** States what the programmer holds true. @throws InvariantError */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Ends a switch over a union: does not compile while a case is missing. */
export function assertNever(value: never): never {
  throw new InvariantError(`unexpected case ${JSON.stringify(value)}`);
}
