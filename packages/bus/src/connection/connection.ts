import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { DispatchError } from "@switchyard/model";
import type { Logger } from "@switchyard/runtime";
import { type ConnectionOptions, connect, type NatsConnection, NatsError } from "nats";
import type { BusEnd } from "../agent-bus.ts";
import type { HostKey } from "../keys/host-key.ts";

/** Without jitter, every agent would be back in the same instant after the broker's restart. */
const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 750;
const CONNECT_TIMEOUT_MS = 2_000;
/** A half-open connection is noticed after two unanswered pings. */
const PING_INTERVAL_MS = 5_000;
const PINGS_UNANSWERED_MAX = 2;

export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

export interface ConnectOptions {
  readonly servers: readonly string[];
  /** Shown in the broker's monitoring. */
  readonly name: string;
  readonly inboxPrefix: string;
  /** The NATS user. */
  readonly key: Pick<HostKey, "nkeyPublic" | "sign">;
  readonly tls: TlsFiles | undefined;
  /** Longest handshake; 2 s unless told. */
  readonly timeoutMs?: number;
  readonly log: Logger;
}

/** A connection that comes back by itself until it is closed or refused. */
export interface Connection {
  readonly nats: NatsConnection;
  readonly inboxPrefix: string;
  readonly ended: Promise<BusEnd>;
  isConnected(): boolean;
  /** False once it closes; publishing then raises an error. */
  isOpen(): boolean;
  /** Calls back after every reconnect; returns what ends that. */
  onReconnect(listener: () => void): () => void;
  /** Calls back whenever it breaks or is closed; returns what ends that. */
  onDisconnect(listener: () => void): () => void;
  close(): Promise<void>;
}

type ServerIdentityCheck = NonNullable<Parameters<typeof checkServerIdentity>[1]>;

/** Address or name of `host:port`, `[v6]:port` or a URL. */
const hostOf = (server: string): string =>
  new URL(server.includes("://") ? server : `nats://${server}`).hostname.replace(/^\[|\]$/g, "");

/**
 * Checks the server's certificate against the addresses that it may be reached by: to a server that is named by
 * its address Node sends no name, and would compare with `localhost`.
 */
function checkIdentity(servers: readonly string[]) {
  const addresses = servers.map(hostOf).filter((host) => isIP(host) !== 0);
  return (name: string, certificate: ServerIdentityCheck): Error | undefined => {
    const failure = checkServerIdentity(name, certificate);
    if (failure === undefined || name !== "localhost") return failure;
    const isOurs = addresses.some((each) => checkServerIdentity(each, certificate) === undefined);
    return isOurs ? undefined : failure;
  };
}

const tlsOptions = (
  files: TlsFiles,
  servers: readonly string[],
): NonNullable<ConnectionOptions["tls"]> => ({
  caFile: files.caFile,
  ...(files.certFile === undefined ? {} : { certFile: files.certFile }),
  ...(files.keyFile === undefined ? {} : { keyFile: files.keyFile }),
  // The library hands what else is here to Node as it is.
  ...{ checkServerIdentity: checkIdentity(servers) },
});

/** Signs the broker's challenge as the library's own authenticator does, at a fiftieth of its cost. */
const authenticate =
  (key: ConnectOptions["key"]): NonNullable<ConnectionOptions["authenticator"]> =>
  (nonce) => ({
    nkey: key.nkeyPublic,
    sig: key.sign(Buffer.from(nonce ?? "")).toString("base64url"),
  });

/** @throws DispatchError BUS_UNAVAILABLE when the broker does not answer or refuses the first time */
export async function openConnection(options: ConnectOptions): Promise<Connection> {
  const { servers, name, inboxPrefix, key, tls } = options;
  const nats = await connect({
    servers: [...servers],
    name,
    inboxPrefix,
    authenticator: authenticate(key),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls, servers) }),
    noEcho: true,
    noAsyncTraces: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    timeout: options.timeoutMs ?? CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_UNANSWERED_MAX,
  }).catch((cause: unknown) => {
    throw new DispatchError(
      "BUS_UNAVAILABLE",
      `can't connect to NATS at ${servers.join(", ")}`,
      {
        found: cause instanceof NatsError ? cause.code : String(cause),
      },
      { cause, retry: "safe" },
    );
  });
  return watch(nats, options);
}

function watch(nats: NatsConnection, { inboxPrefix, log }: ConnectOptions): Connection {
  const listeners = new Set<() => void>();
  const breakListeners = new Set<() => void>();
  const tellBreak = () => {
    for (const listener of [...breakListeners]) listener();
  };
  let connected = true;
  void (async () => {
    for await (const status of nats.status()) {
      if (status.type === "disconnect") {
        connected = false;
        tellBreak();
      }
      if (status.type === "reconnect") {
        connected = true;
        for (const listener of listeners) listener();
      }
      if (status.type === "pingTimer") continue;
      log.debug({ type: status.type, data: status.data }, "NATS connection");
    }
  })();
  const ended = nats.closed().then((error): BusEnd => {
    connected = false;
    tellBreak();
    if (!(error instanceof Error)) return { kind: "closed" };
    log.error({ error }, "NATS connection closed for good");
    return { kind: "refused", error };
  });
  return {
    nats,
    inboxPrefix,
    ended,
    isConnected: () => connected,
    isOpen: () => !nats.isClosed() && !nats.isDraining(),
    onReconnect: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onDisconnect: (listener) => {
      breakListeners.add(listener);
      return () => breakListeners.delete(listener);
    },
    close: () => closeGently(nats, () => connected),
  };
}

/**
 * Draining a connection that is down would wait for its return. One that breaks while it drains is left open,
 * and comes back, although draining ends well.
 *
 * @see nats-io/nats.js 2.29 nats-base-client/protocol.js, drain
 */
async function closeGently(nats: NatsConnection, isConnected: () => boolean): Promise<void> {
  if (nats.isClosed()) return;
  if (!isConnected()) return nats.close();
  await nats.drain().catch(() => undefined);
  if (!nats.isClosed()) await nats.close();
}
