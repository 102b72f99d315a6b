import { connect, type Socket } from "node:net";

/** A line longer than this is not an answer of QEMU or its guest agent (which stops at 16 MiB). */
const LINE_BYTES_MAX = 32 * 1024 * 1024;

/** QEMU, or the guest agent behind one of its sockets, did not answer as agreed. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
}

/** One JSON object per line over a unix socket, in either direction. */
export interface JsonSocket {
  readonly send: (message: object) => void;
  /** The next message, or a rejection after `timeoutMs`. */
  readonly receive: (timeoutMs: number) => Promise<Record<string, unknown>>;
  readonly close: () => void;
}

/** Connects to a socket that QEMU listens on. */
export async function connectJsonSocket(path: string, timeoutMs: number): Promise<JsonSocket> {
  const socket = await open(path, timeoutMs);
  const lines: string[] = [];
  let failure: Error | undefined;
  let wake = () => {};
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > LINE_BYTES_MAX) socket.destroy(new ChannelError(`${path}: line too long`));
    lines.push(...parts.filter((line) => line.trim() !== ""));
    wake();
  });
  const end = (error?: Error) => {
    failure ??= error ?? new ChannelError(`${path}: closed`);
    wake();
  };
  socket.on("error", end);
  socket.on("close", () => end());

  const receive = async (timeout: number): Promise<Record<string, unknown>> => {
    const deadline = performance.now() + timeout;
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return parseMessage(line);
      if (failure !== undefined) throw failure;
      const left = deadline - performance.now();
      if (left <= 0) throw new ChannelError(`${path}: no answer within ${timeout} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    send: (message) => socket.write(`${JSON.stringify(message)}\n`),
    receive,
    close: () => socket.destroy(),
  };
}

function open(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(timeoutMs, () => socket.destroy(new ChannelError(`${path}: timed out`)));
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

/** The guest agent puts a 0xFF byte before its answer to guest-sync-delimited. */
function parseMessage(line: string): Record<string, unknown> {
  const text = line.slice(line.indexOf("{"));
  const message: unknown = JSON.parse(text);
  if (typeof message !== "object" || message === null) throw new ChannelError(`Not JSON: ${text}`);
  return message as Record<string, unknown>;
}
