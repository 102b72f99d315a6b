import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ChannelError, connectJsonSocket, type JsonSocket } from "./json-socket.ts";

/** How a program in the lab host ended. `exitCode` is undefined when a signal ended it. */
export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to run by the guest agent. The program is searched on the agent's PATH. */
export interface GuestCommand {
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  readonly stdin?: string;
  /** `NAME=value`; without it the agent's own environment. */
  readonly environment?: readonly string[];
}

/** A client of one qemu-ga. Calls may overlap; each has its own deadline. */
export interface GuestAgent {
  readonly call: (execute: string, options?: CallOptions) => Promise<unknown>;
  readonly exec: (command: GuestCommand) => Promise<CommandResult>;
  readonly close: () => void;
}

/** Arguments of one guest agent command, and how long its answer may take. */
export interface CallOptions {
  readonly arguments?: object;
  readonly timeoutMs?: number;
}

const CALL_TIMEOUT_MS = 15_000;
const POLL_INTERVAL_MS = 100;

/** The virtio-serial port of a qemu-ga that has not started takes our bytes and says nothing. */
const SYNC_TIMEOUT_MS = 2_000;

/**
 * A client for the guest agent whose port QEMU joins to the unix socket `path`.
 *
 * One request is on the wire at a time, because answers carry no id. After any failure the
 * connection is made anew and synchronised, so that a late answer is never taken for the next one.
 *
 * @see QEMU docs/interop/qemu-ga-ref, 7.2
 */
export function createGuestAgent(path: string): GuestAgent {
  let socket: JsonSocket | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const exchange = async (message: object, timeoutMs: number): Promise<unknown> => {
    try {
      socket ??= await connectSynchronised(path);
      socket.send(message);
      const answer = await socket.receive(timeoutMs);
      if ("error" in answer) throw new GuestAgentRefusal(JSON.stringify(answer["error"]));
      return answer["return"];
    } catch (error) {
      if (!(error instanceof GuestAgentRefusal)) {
        socket?.close();
        socket = undefined;
      }
      throw error;
    }
  };
  const call = (execute: string, options: CallOptions = {}): Promise<unknown> => {
    const message = { execute, ...(options.arguments && { arguments: options.arguments }) };
    const answer = queue.then(() => exchange(message, options.timeoutMs ?? CALL_TIMEOUT_MS));
    queue = answer.catch(() => undefined);
    return answer;
  };
  return {
    call,
    exec: (command) => execByCalls(call, command),
    close: () => socket?.close(),
  };
}

/** The guest agent understood the request and declined it. */
export class GuestAgentRefusal extends Error {
  override readonly name = "GuestAgentRefusal";
}

async function connectSynchronised(path: string): Promise<JsonSocket> {
  const socket = await connectJsonSocket(path, SYNC_TIMEOUT_MS);
  try {
    const id = randomInt(2 ** 31);
    socket.send({ execute: "guest-sync-delimited", arguments: { id } });
    for (;;) {
      const answer = await socket.receive(SYNC_TIMEOUT_MS);
      if (answer["return"] === id) return socket;
    }
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Runs a program by whatever carries the calls of a guest agent, and waits for its end. */
export async function execByCalls(
  call: GuestAgent["call"],
  command: GuestCommand,
): Promise<CommandResult> {
  const [path, ...arg] = command.argv;
  const started = await call("guest-exec", {
    arguments: {
      path,
      arg,
      "capture-output": true,
      ...(command.environment && { env: command.environment }),
      ...(command.stdin !== undefined && { "input-data": encode(command.stdin) }),
    },
  });
  const pid = readNumber(started, "pid");
  const deadline = performance.now() + command.timeoutMs;
  for (;;) {
    const status = await call("guest-exec-status", { arguments: { pid } });
    if (readField(status, "exited") === true) return parseResult(status);
    if (performance.now() > deadline) {
      throw new ChannelError(
        `${command.argv.join(" ")}: still running after ${command.timeoutMs} ms (pid ${pid})`,
      );
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

function parseResult(status: unknown): CommandResult {
  const exitCode = readField(status, "exitcode");
  const signal = readField(status, "signal");
  return {
    exitCode: typeof exitCode === "number" ? exitCode : undefined,
    signal: typeof signal === "number" ? signal : undefined,
    stdout: decode(readField(status, "out-data")),
    stderr: decode(readField(status, "err-data")),
  };
}

function readField(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[field]
    : undefined;
}

function readNumber(value: unknown, field: string): number {
  const found = readField(value, field);
  if (typeof found === "number") return found;
  throw new ChannelError(`No number "${field}" in ${JSON.stringify(value)}`);
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(data: unknown): string {
  return typeof data === "string" ? Buffer.from(data, "base64").toString("utf8") : "";
}
