import { createServer, type Socket } from "node:net";
import {
  type ByteSocket,
  type Command,
  type Host,
  HostFileError,
  type LineSocket,
} from "@switchyard/host";
import type { Service } from "@switchyard/runtime";
import {
  createLineSplitter,
  encodeError,
  type Method,
  type Request,
  type Response,
} from "./protocol.ts";

export interface SimHostServer extends Service {
  readonly socketPath: string;
  /** Clients connected now. */
  readonly clientCount: number;
}

/** What one client holds open; all of it ends with the client, as a kernel closes a dead process's files. */
interface Client {
  readonly sockets: Map<number, LineSocket>;
  readonly byteSockets: Map<number, ByteSocket>;
  readonly aborts: Map<number, AbortController>;
}

type Handler = (client: Client, params: readonly unknown[], id: number) => Promise<unknown>;

function handlers(host: Host): Readonly<Record<Method, Handler>> {
  const path = (params: readonly unknown[]) => String(params[0]);
  const socketOf = (client: Client, params: readonly unknown[]) =>
    client.sockets.get(Number(params[0]));
  const bytesOf = (client: Client, params: readonly unknown[]) => {
    const socket = client.byteSockets.get(Number(params[0]));
    if (socket === undefined) throw new HostFileError("EPIPE", "a socket that was closed");
    return socket;
  };
  return {
    run: async (client, params, id) => {
      const abort = new AbortController();
      client.aborts.set(id, abort);
      const command = params[0] as Command;
      return host.run({ ...command, signal: abort.signal }).finally(() => client.aborts.delete(id));
    },
    abort: async (client, params) => client.aborts.get(Number(params[0]))?.abort(),
    readFile: (_, params) => host.readFile(path(params)),
    writeFile: (_, params) =>
      host.writeFile(path(params), String(params[1]), (params[2] as number | null) ?? undefined),
    replaceFile: (_, params) => host.replaceFile(path(params), String(params[1])),
    remove: (_, params) => host.remove(path(params)),
    listFolder: (_, params) => host.listFolder(path(params)),
    readLink: (_, params) => host.readLink(path(params)),
    exists: (_, params) => host.exists(path(params)),
    // JSON lines carry no bytes.
    readRange: async (_, params) =>
      Buffer.from(
        await host.readRange(path(params), Number(params[1]), Number(params[2])),
      ).toString("base64"),
    writeRange: (_, params) =>
      host.writeRange(path(params), Number(params[1]), Buffer.from(String(params[2]), "base64")),
    makeFolder: (_, params) => host.makeFolder(path(params)),
    reboot: (_, params) => host.reboot(path(params)),
    connectSocket: async (client, params, id) => {
      client.sockets.set(id, await host.connectSocket(path(params)));
      return id;
    },
    socketSend: async (client, params) => socketOf(client, params)?.send(String(params[1])),
    socketReceive: async (client, params) => socketOf(client, params)?.receive(Number(params[1])),
    socketClose: async (client, params) => {
      socketOf(client, params)?.close();
      client.sockets.delete(Number(params[0]));
    },
    connectByteSocket: async (client, params, id) => {
      client.byteSockets.set(id, await host.connectByteSocket(path(params)));
      return id;
    },
    bytesWrite: async (client, params) =>
      bytesOf(client, params).write(Buffer.from(String(params[1]), "base64")),
    bytesRead: async (client, params) => {
      const bytes = await bytesOf(client, params).read();
      return bytes === undefined ? undefined : Buffer.from(bytes).toString("base64");
    },
    bytesClose: async (client, params) => {
      client.byteSockets.get(Number(params[0]))?.close();
      client.byteSockets.delete(Number(params[0]));
    },
  };
}

/** Told of every call as it arrives, before the machine is touched. */
export type OnCall = (method: Method, params: readonly unknown[]) => void;

function serve(
  table: Readonly<Record<Method, Handler>>,
  connection: Socket,
  onCall: OnCall | undefined,
): void {
  const client: Client = { sockets: new Map(), byteSockets: new Map(), aborts: new Map() };
  const answer = (response: Response) => {
    if (connection.writable) connection.write(`${JSON.stringify(response)}\n`);
  };
  const onLine = (line: string) => {
    const { id, method, params } = JSON.parse(line) as Request;
    onCall?.(method, params);
    table[method](client, params, id).then(
      (result) => answer({ id, result }),
      (error: unknown) => answer({ id, error: encodeError(error) }),
    );
  };
  connection.setEncoding("utf8");
  connection.on("data", createLineSplitter(onLine));
  connection.on("error", () => connection.destroy());
  connection.on("close", () => {
    for (const socket of client.sockets.values()) socket.close();
    client.sockets.clear();
    for (const socket of client.byteSockets.values()) socket.close();
    client.byteSockets.clear();
  });
}

/**
 * Serves one host's port on a unix socket, so that an agent can run, and be killed, in a process of its
 * own while the machine lives on here. What a killed client had begun goes on to its end.
 */
export async function createSimHostServer(options: {
  readonly host: Host;
  readonly socketPath: string;
  readonly onCall?: OnCall;
}): Promise<SimHostServer> {
  const { host, socketPath } = options;
  const table = handlers(host);
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on("close", () => connections.delete(connection));
    serve(table, connection, options.onCall);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  let stopped: Promise<void> | undefined;
  return {
    socketPath,
    get clientCount() {
      return connections.size;
    },
    stop: () => {
      stopped ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.destroy();
      });
      return stopped;
    },
  };
}
