/** gRPC's closed list of codes, by name; the number is taken at the edge. */
export type StatusCode =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "RESOURCE_EXHAUSTED"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "UNIMPLEMENTED"
  | "INTERNAL";

export interface ReasonEntry {
  readonly code: StatusCode;
  /** What it means, one sentence. */
  readonly summary: string;
  /** One thing to try. */
  readonly fix: string;
}
