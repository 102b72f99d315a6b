import { type ErrorMetadata, type Reason, SwitchyardError } from "@switchyard/model";

/** One thing that stands in the way: which rule, of which resource, and what it says. */
export interface PreconditionViolation {
  readonly type: string;
  /** Full resource name, such as `hosts/r740-07`. */
  readonly subject: string;
  readonly description: string;
}

/** An error with one entry per resource that stands in the way; sent as google.rpc.PreconditionFailure. */
export class PreconditionError extends SwitchyardError {
  readonly violations: readonly PreconditionViolation[];

  constructor(
    reason: Reason,
    message: string,
    details: {
      readonly metadata?: ErrorMetadata;
      readonly violations: readonly PreconditionViolation[];
    },
  ) {
    super(reason, message, details.metadata);
    this.violations = details.violations;
  }
}
