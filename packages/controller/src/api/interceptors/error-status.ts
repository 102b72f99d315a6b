import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { InvalidInputError, REASONS, SwitchyardError } from "@switchyard/model";
import {
  BadRequest,
  ErrorInfo,
  Help,
  PreconditionFailure,
  RequestInfo,
  RetryInfo,
  Status,
} from "@switchyard/proto";
import { PreconditionError } from "./precondition-error.ts";

/** Domain of every reason of ours. */
export const ERROR_DOMAIN = "switchyard.dev";

/** Trailer in which gRPC carries a google.rpc.Status. */
const DETAILS_KEY = "grpc-status-details-bin";

/** Wait before a repeat of a call that found the controller without its database or bus. */
const RETRY_DELAY_S = 1n;

/**
 * Longest text in a message or metadata value. Trailers are headers, and clients written in C refuse
 * more than 8 KiB of them.
 */
const TEXT_LENGTH_MAX = 1024;

/** Most entries of one list of violations, for the same reason. */
const VIOLATIONS_MAX = 24;

interface Detail {
  readonly typeUrl: string;
  readonly value: Buffer;
}

function detail<T>(
  name: string,
  type: { encode(message: T): { finish(): Uint8Array } },
  message: T,
): Detail {
  return {
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: Buffer.from(type.encode(message).finish()),
  };
}

const shorten = (text: string): string =>
  text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 1)}…`;

/** What the caller learns of the error; anything but our own errors is a bug whose inside stays in the log. */
function publicError(error: unknown): SwitchyardError {
  if (error instanceof SwitchyardError && error.reason !== "INVARIANT_BROKEN") return error;
  return new SwitchyardError("INVARIANT_BROKEN", "internal error; the controller's log has more");
}

function errorInfo(error: SwitchyardError): Detail {
  const metadata = Object.fromEntries(
    Object.entries({ try: REASONS[error.reason].fix, ...error.metadata }).map(([key, value]) => [
      key,
      shorten(value),
    ]),
  );
  return detail("ErrorInfo", ErrorInfo, { reason: error.reason, domain: ERROR_DOMAIN, metadata });
}

function badRequest(error: InvalidInputError): Detail {
  return detail("BadRequest", BadRequest, {
    fieldViolations: error.violations.slice(0, VIOLATIONS_MAX).map((violation) => ({
      field: violation.field,
      description: violation.description,
      reason: "",
      localizedMessage: undefined,
    })),
  });
}

function preconditionFailure(error: SwitchyardError): Detail {
  const violations =
    error instanceof PreconditionError
      ? error.violations.slice(0, VIOLATIONS_MAX)
      : [
          {
            type: error.reason,
            subject: error.metadata["subject"] ?? "",
            description: error.message,
          },
        ];
  return detail("PreconditionFailure", PreconditionFailure, { violations: [...violations] });
}

function detailsOf(error: SwitchyardError, callId: string): Detail[] {
  const details = [errorInfo(error)];
  if (error instanceof InvalidInputError && error.violations.length > 0) {
    details.push(badRequest(error));
  }
  if (error instanceof PreconditionError || error.code === "FAILED_PRECONDITION") {
    details.push(preconditionFailure(error));
  }
  if (error.code === "UNAVAILABLE" || error.retry === "safe") {
    details.push(
      detail("RetryInfo", RetryInfo, { retryDelay: { seconds: RETRY_DELAY_S, nanos: 0 } }),
    );
  }
  details.push(detail("RequestInfo", RequestInfo, { requestId: callId, servingData: "" }));
  const link = {
    description: `swy explain ${error.reason}`,
    url: `https://${ERROR_DOMAIN}/reasons/${error.reason}`,
  };
  details.push(detail("Help", Help, { links: [link] }));
  return details;
}

/** The error as gRPC sends it: code, message, and google.rpc details in the trailers. */
export function errorStatus(
  error: unknown,
  callId: string,
): Pick<ServiceError, "code" | "details" | "metadata"> {
  const shown = publicError(error);
  const code = status[shown.code];
  const message = shorten(shown.message);
  const metadata = new Metadata();
  const body = Status.encode({ code, message, details: detailsOf(shown, callId) }).finish();
  metadata.set(DETAILS_KEY, Buffer.from(body));
  metadata.set("x-request-id", callId);
  return { code, details: message, metadata };
}
