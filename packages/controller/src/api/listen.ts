import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { ServerCredentials } from "@grpc/grpc-js";
import { SwitchyardError } from "@switchyard/model";

/** Where and how the API listens. */
export interface ListenOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  /** PEM files of the server's certificate and key; with `caFile` callers must show a certificate too. */
  readonly tls:
    | { readonly certFile: string; readonly keyFile: string; readonly caFile?: string }
    | undefined;
  /** Development only: plain text, on a loopback address, and callers without a token are admins. */
  readonly insecureLoopback: boolean;
}

function isLoopback(address: string): boolean {
  const host = address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/**
 * @throws SwitchyardError CONFIG_INVALID for plain text that was not asked for, or that others could reach
 */
export async function serverCredentials(options: ListenOptions): Promise<ServerCredentials> {
  if (options.tls !== undefined) {
    const [cert, key, ca] = await Promise.all([
      readFile(options.tls.certFile),
      readFile(options.tls.keyFile),
      options.tls.caFile === undefined ? null : readFile(options.tls.caFile),
    ]);
    return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null);
  }
  if (!options.insecureLoopback) {
    throw new SwitchyardError("CONFIG_INVALID", "the API has no TLS certificate", {
      needs: "tls.certFile and tls.keyFile, or insecureLoopback for development",
    });
  }
  if (!isLoopback(options.address)) {
    throw new SwitchyardError(
      "CONFIG_INVALID",
      `the API would listen without TLS on ${options.address}`,
      { found: options.address, needs: "a loopback address, or a TLS certificate" },
    );
  }
  return ServerCredentials.createInsecure();
}
