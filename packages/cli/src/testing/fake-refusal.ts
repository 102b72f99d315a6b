import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ErrorInfo, RequestInfo, Status } from "@switchyard/proto";

/** An answer that refuses the call, as the controller packs it. */
export function refuse(
  code: keyof typeof status,
  reason: string,
  details: { readonly message: string; readonly metadata?: Record<string, string> },
): Partial<ServiceError> {
  const { message, metadata = {} } = details;
  const pack = (name: string, bytes: Uint8Array) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: Buffer.from(bytes),
  });
  const number = Number(status[code]);
  const body = Status.encode({
    code: number,
    message,
    details: [
      pack("ErrorInfo", ErrorInfo.encode({ reason, domain: "switchyard.dev", metadata }).finish()),
      pack("RequestInfo", RequestInfo.encode({ requestId: "req-1", servingData: "" }).finish()),
    ],
  }).finish();
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(body));
  return { code: number, details: message, metadata: trailers };
}

export const isRefusal = (answer: object): answer is Partial<ServiceError> =>
  "metadata" in answer && answer.metadata instanceof Metadata;
