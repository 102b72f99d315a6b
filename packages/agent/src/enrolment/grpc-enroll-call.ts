import { readFile } from "node:fs/promises";
import { credentials, Metadata } from "@grpc/grpc-js";
import type { VerifyingKey } from "@switchyard/bus";
import { SwitchyardError } from "@switchyard/model";
import { EnrollmentServiceClient, EnrollRequest, type EnrollResponse } from "@switchyard/proto";
import type { EnrollCallFactory } from "../process/run-agent.ts";

/** DNS is not asked for a configuration in a TXT record. */
const CHANNEL_OPTIONS = { "grpc.service_config_disable_resolution": 1 } as const;
/** Bound on the one call. */
const ENROLL_TIMEOUT_MS = 15_000;

/**
 * Enrols over gRPC, with TLS that trusts the CA file or, without one, the system's authorities.
 *
 * @param options.isInsecure no TLS: a development setting for lab hosts, whose controller is on the same machine
 */
export function createGrpcEnrollCall(options: {
  readonly isInsecure: boolean;
  readonly nowMs: () => number;
}): EnrollCallFactory {
  return (controllerAddress, caFile) => async (request) => {
    const ca = caFile === undefined ? null : await readFile(caFile);
    const client = new EnrollmentServiceClient(
      controllerAddress,
      options.isInsecure ? credentials.createInsecure() : credentials.createSsl(ca),
      CHANNEL_OPTIONS,
    );
    try {
      const answer = await callEnroll(
        client,
        EnrollRequest.fromPartial({ ...request, host: `hosts/${request.host}` }),
        options.nowMs() + ENROLL_TIMEOUT_MS,
      );
      return {
        hostEpoch: Number(answer.hostEpoch),
        natsServers: answer.natsServers,
        controllers: answer.signingKeys.map(verifyingKey),
      };
    } finally {
      client.close();
    }
  };
}

const verifyingKey = (key: EnrollResponse["signingKeys"][number]): VerifyingKey => ({
  keyId: key.keyId,
  publicKey: key.publicKey,
});

function callEnroll(
  client: EnrollmentServiceClient,
  request: EnrollRequest,
  deadline: number,
): Promise<EnrollResponse> {
  return new Promise((resolve, reject) => {
    client.enroll(request, new Metadata(), { deadline }, (error, response) => {
      if (error === null) resolve(response);
      else reject(enrollError(error.code, error.details));
    });
  });
}

/** Codes by number, so that this package needs no more of gRPC. @see grpc/grpc doc/statuscodes.md */
const UNAUTHENTICATED = 16;

function enrollError(code: number, details: string): SwitchyardError {
  const reason = code === UNAUTHENTICATED ? "TOKEN_INVALID" : "HOST_UNREACHABLE";
  return new SwitchyardError(reason, `the controller did not enrol this host: ${details}`, {
    found: details,
  });
}
