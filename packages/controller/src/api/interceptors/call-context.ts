import type { Logger } from "@switchyard/runtime";
import type { Role } from "./role.ts";

/** Who asks, as the audit names them. */
export interface Caller {
  readonly name: string;
  /** Undefined for a caller without credentials, who reaches only methods open to anyone. */
  readonly role: Role | undefined;
}

/** What every method knows of the call besides its request. */
export interface CallContext {
  /** Full method name, `switchyard.v1.VmService/CreateVm`. */
  readonly method: string;
  /** From the caller's `x-request-id`, or new; in every log line, error and audit entry of the call. */
  readonly callId: string;
  /** W3C `traceparent` of the call's own span; what the call starts belongs below it. */
  readonly traceparent: string;
  readonly caller: Caller;
  /** Aborts when the caller cancels or its deadline passes. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}
