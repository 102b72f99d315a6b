import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { systemClock, systemRandom } from "@switchyard/runtime";
import { createSelfSigned } from "../bmc/certificate.ts";
import { createIdrac, type Idrac, type IdracSpec } from "../bmc/idrac.ts";
import { resetAlone } from "../bmc/power.ts";
import { answerRedfish } from "../bmc/redfish.ts";
import type { HttpRequest, HttpResponse } from "../http/http.ts";

/** Requests this service reads at most; a BMC's are small. */
const BODY_BYTES_MAX = 1024 * 1024;

/** An iDRAC9 without a machine, on a port of this machine, for clients that speak TLS for real. */
export interface RedfishService {
  /** `https://127.0.0.1:PORT`. */
  readonly address: string;
  readonly publicKeyPin: string;
  readonly certificatePem: string;
  /** Its state and its faults. */
  readonly idrac: Idrac;
  /** Names of the methods and paths asked for, in order. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Starts one on a free port, with a certificate of its own. */
export async function startRedfishService(spec: IdracSpec): Promise<RedfishService> {
  const idrac = createIdrac(spec);
  idrac.onReset = (type) => resetAlone(idrac, type);
  const requests: string[] = [];
  const own = createSelfSigned({
    clock: systemClock,
    random: systemRandom,
    commonName: `idrac-${spec.serviceTag}`,
  });
  const server = createServer(
    { cert: own.certificatePem, key: own.keyPem },
    (incoming, outgoing) => {
      requests.push(`${incoming.method} ${incoming.url}`);
      void serve(idrac, incoming, outgoing);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `https://127.0.0.1:${port}`,
    publicKeyPin: own.publicKeyPin,
    certificatePem: own.certificatePem,
    idrac,
    requests,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  idrac: Idrac,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = await readRequest(incoming);
  const answer = request === undefined ? "closed" : answerRedfish(idrac, request);
  if (answer === "silent") return;
  if (typeof answer === "string") incoming.socket.destroy();
  else send(outgoing, answer);
}

async function readRequest(incoming: IncomingMessage): Promise<HttpRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  const headers = Object.entries(incoming.headers).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return {
    method: incoming.method ?? "GET",
    url: new URL(incoming.url ?? "/", `https://${incoming.headers.host ?? "127.0.0.1"}`),
    headers: new Map(headers),
    body: Buffer.concat(chunks).toString(),
  };
}

function send(outgoing: ServerResponse, { status, headers, body = "" }: HttpResponse): void {
  outgoing.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  outgoing.end(body);
}
