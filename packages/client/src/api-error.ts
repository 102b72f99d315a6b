import { type Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { FieldViolation } from "@switchyard/model";
import { BadRequest, ErrorInfo, PreconditionFailure, RequestInfo, Status } from "@switchyard/proto";

/** One precondition that does not hold: for placement, a host and the filter it did not pass. */
export interface PreconditionViolation {
  readonly type: string;
  readonly subject: string;
  readonly description: string;
}

/** A call that failed, with what the server said about it. Compare `reason`, never the text. */
export class ApiError extends Error {
  /** Name of the gRPC status, such as `NOT_FOUND`. */
  readonly code: string;
  /** Stable reason; empty when the failure did not come from Switchyard (connection lost, deadline). */
  readonly reason: string;
  /** Whose reason it is. */
  readonly domain: string;
  /** Facts; `found`, `needs` and `try` are meant for people. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly fieldViolations: readonly FieldViolation[];
  readonly preconditions: readonly PreconditionViolation[];
  readonly requestId: string;
  readonly #statusNumber: number;

  constructor(error: ServiceError) {
    super(error.details || error.message, { cause: error });
    this.name = "ApiError";
    this.#statusNumber = error.code;
    this.code = status[error.code] ?? "UNKNOWN";
    const details = readDetails(error.metadata);
    this.reason = details.info?.reason ?? "";
    this.domain = details.info?.domain ?? "";
    this.metadata = details.info?.metadata ?? {};
    this.fieldViolations = (details.badRequest?.fieldViolations ?? []).map(
      ({ field, description }) => ({ field, description }),
    );
    this.preconditions = details.precondition?.violations ?? [];
    this.requestId = details.request?.requestId ?? "";
  }

  /** Whether the same call may succeed a little later, at this controller or another. */
  get isTransient(): boolean {
    return this.code === "UNAVAILABLE" || (this.code === "INTERNAL" && this.reason === "");
  }

  /** The error as JSON of a google.rpc.Status. */
  toJSON(): unknown {
    const type = (name: string) => `type.googleapis.com/google.rpc.${name}`;
    const isEmpty = (list: readonly unknown[]) => list.length === 0;
    return {
      code: this.#statusNumber,
      message: this.message,
      details: [
        ...(this.reason === ""
          ? []
          : [
              {
                "@type": type("ErrorInfo"),
                reason: this.reason,
                domain: this.domain,
                metadata: this.metadata,
              },
            ]),
        ...(isEmpty(this.fieldViolations)
          ? []
          : [{ "@type": type("BadRequest"), fieldViolations: this.fieldViolations }]),
        ...(isEmpty(this.preconditions)
          ? []
          : [{ "@type": type("PreconditionFailure"), violations: this.preconditions }]),
        ...(this.requestId === ""
          ? []
          : [{ "@type": type("RequestInfo"), requestId: this.requestId }]),
      ],
    };
  }
}

interface Details {
  readonly info: ErrorInfo | undefined;
  readonly badRequest: BadRequest | undefined;
  readonly precondition: PreconditionFailure | undefined;
  readonly request: RequestInfo | undefined;
}

/** Reads google.rpc.Status from the trailers. @see AIP-193 */
function readDetails(trailers: Metadata | undefined): Details {
  const [packed] = trailers?.get("grpc-status-details-bin") ?? [];
  const details = packed instanceof Buffer ? Status.decode(packed).details : [];
  const find = <T>(name: string, type: { decode(bytes: Uint8Array): T }): T | undefined => {
    const found = details.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${name}`));
    return found === undefined ? undefined : type.decode(found.value);
  };
  return {
    info: find("ErrorInfo", ErrorInfo),
    badRequest: find("BadRequest", BadRequest),
    precondition: find("PreconditionFailure", PreconditionFailure),
    request: find("RequestInfo", RequestInfo),
  };
}
