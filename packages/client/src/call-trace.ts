import { ApiError } from "./api-error.ts";

/** One call as a tracer sees it. */
export interface CallTrace {
  /** W3C `traceparent` that goes with the call. */
  readonly traceparent: string;
  /** @param error undefined when it was answered, or when its caller left */
  end(error: ApiError | undefined): void;
}

/** Traces calls, each by its full method name, such as `switchyard.v1.VmService/CreateVm`. */
export type TraceCall = (method: string) => CallTrace;

const UNTRACED: CallTrace = { traceparent: "", end: () => undefined };

/** @param path as generated: `/switchyard.v1.VmService/CreateVm` */
export const traceOf = (trace: TraceCall | undefined, path: string): CallTrace =>
  trace?.(path.slice(1)) ?? UNTRACED;

/** Ends the trace with what came of the call. */
export const endTrace = (trace: CallTrace, error?: unknown): void =>
  trace.end(error instanceof ApiError ? error : undefined);
