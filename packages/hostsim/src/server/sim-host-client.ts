import { createConnection, type Socket } from "node:net";
import type { ByteSocket, Command, CommandResult, Host, LineSocket } from "@switchyard/host";
import { createLineSplitter, decodeError, type Method, type Response } from "./protocol.ts";

/** Calls under way at once at most; an agent has far fewer. */
const PENDING_MAX = 10_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A Host in another process, and the connection to it. */
export interface ConnectedSimHost extends Host {
  /** Resolves when the connection is gone: the machine boots, its server ended, or `close` was called. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Sends calls and matches the answers to them. */
class Connection {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly closed: Promise<void>;
  #lastId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on(
      "data",
      createLineSplitter((line) => this.#onLine(line)),
    );
    socket.on("error", () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#failAll();
        resolve();
      });
    });
  }

  call<T>(method: Method, params: readonly unknown[]): { id: number; result: Promise<T> } {
    this.#lastId += 1;
    const id = this.#lastId;
    const result = new Promise<unknown>((resolve, reject) => {
      if (this.#pending.size >= PENDING_MAX || this.#socket.destroyed) {
        reject(new Error("the simulated host is not connected or overwhelmed"));
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
    return { id, result: result as Promise<T> };
  }

  close(): void {
    this.#socket.destroy();
  }

  #onLine(line: string): void {
    const response = JSON.parse(line) as Response;
    const pending = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    if ("error" in response) pending?.reject(decodeError(response.error));
    else pending?.resolve(response.result);
  }

  #failAll(): void {
    const error = new Error("the connection to the simulated host was lost");
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

async function runRemote(connection: Connection, command: Command): Promise<CommandResult> {
  const { signal, ...plain } = command;
  const { id, result } = connection.call<CommandResult>("run", [plain]);
  const abort = () => void connection.call("abort", [id]).result.catch(() => undefined);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return result.finally(() => signal?.removeEventListener("abort", abort));
}

async function openLineSocket(connection: Connection, path: string): Promise<LineSocket> {
  const handle = await connection.call<number>("connectSocket", [path]).result;
  const tell = (method: Method, ...params: readonly unknown[]) =>
    void connection.call(method, [handle, ...params]).result.catch(() => undefined);
  return {
    send: (line) => tell("socketSend", line),
    receive: (timeoutMs) =>
      connection.call<string | undefined>("socketReceive", [handle, timeoutMs]).result,
    close: () => tell("socketClose"),
  };
}

/** Bytes travel as base64: the protocol is lines of JSON. A read waits at the other side. */
async function openByteSocket(connection: Connection, path: string): Promise<ByteSocket> {
  const handle = await connection.call<number>("connectByteSocket", [path]).result;
  const call = <T>(method: Method, ...params: readonly unknown[]) =>
    connection.call<T>(method, [handle, ...params]).result;
  return {
    write: (bytes) => call("bytesWrite", Buffer.from(bytes).toString("base64")),
    read: async () => {
      const text = await call<string | undefined>("bytesRead");
      return text === undefined ? undefined : Buffer.from(text, "base64");
    },
    close: () => void call("bytesClose").catch(() => undefined),
  };
}

/** Connects to a machine that {@link createSimHostServer} serves. @throws Error when nobody listens */
export async function connectSimHost(options: {
  readonly socketPath: string;
}): Promise<ConnectedSimHost> {
  const connection = new Connection(await openSocket(options.socketPath));
  const call = <T>(method: Method, ...params: readonly unknown[]) =>
    connection.call<T>(method, params).result;
  return {
    kind: "simulated",
    run: (command) => runRemote(connection, command),
    readFile: (path) => call("readFile", path),
    writeFile: (path, text, timeoutMs) => call("writeFile", path, text, timeoutMs),
    replaceFile: (path, text) => call("replaceFile", path, text),
    remove: (path) => call("remove", path),
    listFolder: (path) => call("listFolder", path),
    readLink: (path) => call("readLink", path),
    exists: (path) => call("exists", path),
    readRange: async (path, offset, length) =>
      Buffer.from(await call<string>("readRange", path, offset, length), "base64"),
    writeRange: (path, offset, bytes) =>
      call("writeRange", path, offset, Buffer.from(bytes).toString("base64")),
    makeFolder: (path) => call("makeFolder", path),
    connectSocket: (path) => openLineSocket(connection, path),
    connectByteSocket: (path) => openByteSocket(connection, path),
    reboot: (reason) => call("reboot", reason),
    closed: connection.closed,
    close: () => connection.close(),
  };
}
