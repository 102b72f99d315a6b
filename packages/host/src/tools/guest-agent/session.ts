import { HostError } from "@switchyard/model";
import { type Clock, systemRandom } from "@switchyard/runtime";
import type { Host, LineSocket } from "../../port/host.ts";
import { connectVmSocket } from "../socket.ts";
import { type GuestAnswer, parseGuestLine } from "./parse.ts";

/** Lines left over from earlier clients that may stand before the answer to our sync. */
const STALE_LINES_MAX = 100;

export interface GuestSession {
  readonly call: (command: string, args?: object) => Promise<unknown>;
  readonly leftMs: () => number;
}

/**
 * One conversation with a guest's agent, within a time.
 *
 * @throws HostError VM_NOT_RUNNING, GUEST_AGENT_SILENT, and GUEST_COMMAND_FAILED for what the agent refuses
 */
export async function withGuest<Result>(
  options: {
    readonly host: Host;
    readonly socketPath: string;
    readonly timeoutMs: number;
    readonly clock: Clock;
  },
  use: (session: GuestSession) => Promise<Result>,
): Promise<Result> {
  const deadlineMs = options.clock.monotonicMs() + options.timeoutMs;
  const leftMs = () => deadlineMs - options.clock.monotonicMs();
  const socket = await connectVmSocket(options.host, options.socketPath);
  try {
    await synchronise(socket, leftMs);
    return await use({ leftMs, call: (command, args) => call({ socket, leftMs, command, args }) });
  } finally {
    socket.close();
  }
}

/** Makes sure that the next answer is to our next command, whatever an earlier client left behind. */
async function synchronise(socket: LineSocket, leftMs: () => number): Promise<void> {
  const id = parseInt(systemRandom.hex(4), 16);
  socket.send(JSON.stringify({ execute: "guest-sync-delimited", arguments: { id } }));
  for (let stale = 0; stale < STALE_LINES_MAX; stale += 1) {
    const answer = await receive(socket, leftMs);
    if (answer?.kind === "return" && answer.value === id) return;
  }
  throw silent();
}

async function call(request: {
  readonly socket: LineSocket;
  readonly leftMs: () => number;
  readonly command: string;
  readonly args: object | undefined;
}): Promise<unknown> {
  const { command, args } = request;
  request.socket.send(JSON.stringify({ execute: command, arguments: args }));
  const answer = await receive(request.socket, request.leftMs);
  if (answer?.kind === "return") return answer.value;
  throw new HostError("GUEST_COMMAND_FAILED", `the guest agent refused ${command}`, {
    argv: command,
    stderr: answer?.description ?? "an answer that is no JSON",
  });
}

async function receive(socket: LineSocket, leftMs: () => number): Promise<GuestAnswer | undefined> {
  const left = leftMs();
  const line = left > 0 ? await socket.receive(left) : undefined;
  if (line === undefined) throw silent();
  return parseGuestLine(line);
}

const silent = (): HostError =>
  new HostError("GUEST_AGENT_SILENT", "the guest agent did not answer in time", {
    try: "Check that qemu-guest-agent runs in the guest",
  });
