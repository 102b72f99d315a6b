import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SwitchyardError } from "@switchyard/model";
import type { Service } from "../lifecycle.ts";
import type { Logger } from "../log.ts";

export interface HttpAnswer {
  readonly status: number;
  /** `text/plain; charset=utf-8` unless told. */
  readonly contentType?: string;
  readonly body: string;
}

export interface HttpListenerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  /** Answers to GET by path; the query does not count. */
  readonly routes: Readonly<Record<string, () => Promise<HttpAnswer> | HttpAnswer>>;
  readonly log: Logger;
}

export interface HttpListener extends Service {
  /** `host:port` that is really listened on. */
  readonly address: string;
}

/** Bounds of the listener: a few scrapers and probes use it, nobody else. */
const CONNECTIONS_MAX = 64;
const HEADER_BYTES_MAX = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

const TEXT = "text/plain; charset=utf-8";

function send(response: ServerResponse, { status, contentType = TEXT, body }: HttpAnswer): void {
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

async function answerOf(
  request: IncomingMessage,
  { routes, log }: HttpListenerOptions,
): Promise<HttpAnswer> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, body: "only GET is answered here\n" };
  }
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) {
    return { status: 404, body: `nothing is here; try ${Object.keys(routes).join(", ")}\n` };
  }
  try {
    return await route();
  } catch (error) {
    log.error({ err: error, path }, "an HTTP request failed");
    return { status: 500, body: "failed; the log says why\n" };
  }
}

/** `host:port` apart; a host of IPv6 stands in brackets. */
function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(address);
  const { six, host, port } = match?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) {
    throw new SwitchyardError("CONFIG_INVALID", `"${address}" is no address to listen on`, {
      found: address,
      needs: "host:port, such as 127.0.0.1:7480",
    });
  }
  return { host: six ?? host ?? "", port: Number(port) };
}

/**
 * Listens for GET requests in plain HTTP: metrics and probes. Whoever reaches the address can read them, so it
 * is a loopback one unless an operator says otherwise.
 *
 * @throws SwitchyardError CONFIG_INVALID for an address that is malformed or taken
 */
export async function startHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const { address } = options;
  const { host, port } = splitAddress(address);
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
    request.resume();
    void answerOf(request, options).then((answer) => send(response, answer));
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `can't listen on ${address}`;
      const needs = "a free port and an address of this machine";
      reject(
        new SwitchyardError("CONFIG_INVALID", message, { found: cause.message, needs }, { cause }),
      );
    });
    server.listen(port, host, () => resolve());
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    address: address.replace(/:\d+$/, `:${bound}`),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
