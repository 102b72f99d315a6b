import { CommandError, HostError } from "@switchyard/model";
import { type Clock, systemClock, systemRandom } from "@switchyard/runtime";
import type { Host, LineSocket } from "../../port/host.ts";
import { connectVmSocket } from "../socket.ts";
import {
  type GuestAnswer,
  type GuestExecResult,
  parseExecPid,
  parseExecStatus,
  parseGuestLine,
} from "./parse.ts";

/** Pause between two looks at a program that runs in the guest. */
const POLL_MS = 200;
/** A program that runs longer does not keep the agent's socket between two looks, which are then further apart. */
const HOLD_MS = 2_000;
const LATE_POLL_MS = 1_000;
/** Lines left over from earlier clients that may stand before the answer to our sync. */
const STALE_LINES_MAX = 100;

interface GuestSession {
  readonly call: (command: string, args?: object) => Promise<unknown>;
  readonly leftMs: () => number;
}

/**
 * Whether the guest agent answers within the time. False as well when the VM's socket is there but the
 * guest has not started the agent yet.
 *
 * @throws HostError VM_NOT_RUNNING
 */
export async function guestPing(
  host: Host,
  socketPath: string,
  timeoutMs: number,
): Promise<boolean> {
  try {
    await withGuest({ host, socketPath, timeoutMs, clock: systemClock }, ({ call }) =>
      call("guest-ping"),
    );
    return true;
  } catch (error) {
    if (error instanceof HostError && error.reason === "GUEST_AGENT_SILENT") return false;
    throw error;
  }
}

/**
 * Runs a program in the guest, without a shell, and waits for its end.
 *
 * @returns also for a non-zero status
 * @throws HostError VM_NOT_RUNNING, GUEST_AGENT_SILENT, GUEST_COMMAND_FAILED (the agent refused it);
 *   CommandError COMMAND_TIMED_OUT (it still runs in the guest)
 * @see qemu/qemu qga/qapi-schema.json, guest-exec
 */
export async function guestExec(
  host: Host,
  socketPath: string,
  argv: readonly [program: string, ...args: string[]],
  options: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<GuestExecResult> {
  const { clock, timeoutMs } = options;
  const [path, ...arg] = argv;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  const leftMs = () => deadlineMs - clock.monotonicMs();
  const pollUntil = async (session: GuestSession, pid: number | undefined, endMs: number) => {
    for (;;) {
      const result = parseExecStatus(await session.call("guest-exec-status", { pid }));
      if (result !== undefined || clock.monotonicMs() >= endMs) return result;
      await clock.sleep(Math.min(POLL_MS, Math.max(1, endMs - clock.monotonicMs())));
    }
  };
  let pid: number | undefined;
  let result = await withGuest({ host, socketPath, timeoutMs, clock }, async (session) => {
    pid = parseExecPid(await session.call("guest-exec", { path, arg, "capture-output": true }));
    return pollUntil(session, pid, Math.min(deadlineMs, clock.monotonicMs() + HOLD_MS));
  });
  // QEMU serves one client of the agent at a time, and others want to know of the guest as well.
  while (result === undefined && leftMs() > 0) {
    await clock.sleep(Math.min(LATE_POLL_MS, leftMs()));
    const again = { host, socketPath, timeoutMs: Math.max(LATE_POLL_MS, leftMs()), clock };
    result = await withGuest(again, (session) => pollUntil(session, pid, 0));
  }
  if (result !== undefined) return result;
  throw new CommandError(
    "COMMAND_TIMED_OUT",
    `${path} did not end in the guest in time`,
    { argv: argv.join(" ") },
    { retry: "observe-first" },
  );
}

async function withGuest<Result>(
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
