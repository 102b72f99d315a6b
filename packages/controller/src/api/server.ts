import { Server, type ServerOptions } from "@grpc/grpc-js";
import { SwitchyardError } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { type ListenOptions, serverCredentials } from "./listen.ts";

/** Largest request; the largest true one is a profile with 64 labels. */
const REQUEST_BYTES_MAX = 1024 * 1024;

/** Largest answer: a page of 1000 hosts with full inventories is the worst, near 20 MiB. */
const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** Streams one connection may hold open. */
const STREAMS_PER_CONNECTION_MAX = 1000;

/** Time running calls get when the server stops. */
const SHUTDOWN_GRACE_MS = 5_000;

/**
 * grpc-js leaves keepalive off unless told otherwise, and a peer that vanished would be kept for ever.
 *
 * @see grpc/grpc-node packages/grpc-js/src/server.ts
 */
const OPTIONS: ServerOptions = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_receive_message_length": REQUEST_BYTES_MAX,
  "grpc.max_send_message_length": RESPONSE_BYTES_MAX,
  "grpc.max_concurrent_streams": STREAMS_PER_CONNECTION_MAX,
};

export interface RunningServer {
  /** `host:port` that is really listened on. */
  readonly address: string;
  /** Takes no new calls, lets running ones end for a while, then cuts them. */
  stop(): Promise<void>;
}

export const createServer = (): Server => new Server(OPTIONS);

async function stopServer(server: Server, clock: Clock): Promise<void> {
  const closed = new AbortController();
  const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const cut = clock.sleep(SHUTDOWN_GRACE_MS, closed.signal).then(() => {
    if (!closed.signal.aborted) server.forceShutdown();
  });
  await drained;
  closed.abort();
  await cut;
}

/** @throws SwitchyardError CONFIG_INVALID */
export async function startServer(
  server: Server,
  options: ListenOptions & { readonly clock: Clock },
): Promise<RunningServer> {
  const { clock } = options;
  const credentials = await serverCredentials(options);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else {
        const message = `can't listen on ${options.address}`;
        reject(new SwitchyardError("CONFIG_INVALID", message, {}, { cause: error }));
      }
    });
  });
  return {
    address: options.address.replace(/:\d+$/, `:${port}`),
    stop: () => stopServer(server, clock),
  };
}
