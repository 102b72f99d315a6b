import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";

/** One file over HTTP on this machine's loopback. */
export interface ImageServer extends AsyncDisposable {
  readonly port: number;
  /** Absolute path of the URL. */
  readonly path: string;
  /** Of the file, 64 hex digits. */
  readonly sha256: string;
  readonly stop: () => Promise<void>;
}

/** Serves `file` whole or from a byte on, as a download that goes on asks for it. */
export async function startImageServer(file: string): Promise<ImageServer> {
  const path = `/${basename(file)}`;
  const { size } = await stat(file);
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const server = createServer((request, response) => {
    answer(request, response, { file, path, size }).catch(() => response.destroy());
  });
  await new Promise<void>((ready, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", ready);
  });
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return {
    port: (server.address() as AddressInfo).port,
    path,
    sha256: hash.digest("hex"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Served {
  readonly file: string;
  readonly path: string;
  readonly size: number;
}

/** @see RFC 9110, 14.2: `Range: bytes=FIRST-` */
async function answer(
  { url, method, headers }: IncomingMessage,
  response: ServerResponse,
  { file, path, size }: Served,
): Promise<void> {
  if (url !== path) {
    response.writeHead(404).end();
    return;
  }
  const first = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
  if (first >= size) {
    response.writeHead(416, { "content-range": `bytes */${size}` }).end();
    return;
  }
  response.writeHead(first === 0 ? 200 : 206, {
    "accept-ranges": "bytes",
    "content-length": size - first,
    ...(first > 0 && { "content-range": `bytes ${first}-${size - 1}/${size}` }),
  });
  if (method === "HEAD") response.end();
  else await pipeline(createReadStream(file, { start: first }), response);
}
