import { CommandError, HostError } from "@switchyard/model";
import { type Clock, Semaphore, systemClock } from "@switchyard/runtime";
import type { Host, LineSocket } from "../../port/host.ts";
import { connectVmSocket } from "../socket.ts";
import {
  parseQmpMessage,
  parseVcpuThreads,
  parseVmStatus,
  type QmpMessage,
  type VmStatus,
} from "./parse.ts";

/** QEMU answers from its main loop; an emulated one that is busy can take seconds. */
const QMP_TIMEOUT_MS = 10_000;
/** Events that may stand between a command and its answer. */
const SKIPPED_MAX = 1000;

/** One open QMP connection. QEMU serves one at a time: close it soon. */
export interface QmpSession {
  /**
   * Runs one command; calls made at once are sent one after the other.
   *
   * @returns what QEMU put under `return`
   * @throws CommandError COMMAND_FAILED with `metadata.qmpClass` (QEMU refused), COMMAND_TIMED_OUT;
   *   HostError VM_NOT_RUNNING (QEMU closed the connection)
   */
  execute(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    timeoutMs?: number,
  ): Promise<unknown>;
  close(): void;
}

/**
 * Connects and negotiates capabilities.
 *
 * @param options `timeoutMs` bounds each of the two exchanges

 * @throws HostError VM_NOT_RUNNING; CommandError COMMAND_TIMED_OUT
 * @see qemu/qemu docs/interop/qmp-spec.rst
 */
export async function openQmp(
  host: Host,
  socketPath: string,
  options: { readonly timeoutMs?: number; readonly clock?: Clock } = {},
): Promise<QmpSession> {
  const timeoutMs = options.timeoutMs ?? QMP_TIMEOUT_MS;
  const socket = await connectVmSocket(host, socketPath);
  const session = createSession(socket, options.clock ?? systemClock);
  try {
    await session.greeting(timeoutMs);
    await session.execute("qmp_capabilities", undefined, timeoutMs);
  } catch (error) {
    socket.close();
    throw error;
  }
  return session;
}

function createSession(socket: LineSocket, clock: Clock) {
  const turn = new Semaphore(1);
  let sentCount = 0;

  async function receive(what: string, isWanted: (message: QmpMessage) => boolean, ms: number) {
    const deadlineMs = clock.monotonicMs() + ms;
    for (let skipped = 0; skipped < SKIPPED_MAX; skipped += 1) {
      const leftMs = deadlineMs - clock.monotonicMs();
      const line = leftMs > 0 ? await socket.receive(leftMs) : undefined;
      if (line === undefined) throw silence(what, clock.monotonicMs() >= deadlineMs);
      const message = parseQmpMessage(line);
      if (isWanted(message)) return message;
    }
    throw silence(what, true);
  }

  async function executeNow(command: string, args: object | undefined, timeoutMs: number) {
    sentCount += 1;
    const id = `sy-${sentCount}`;
    socket.send(JSON.stringify({ execute: command, arguments: args, id }));
    const answer = await receive(
      command,
      (message) => message.kind !== "event" && message.kind !== "greeting" && message.id === id,
      timeoutMs,
    );
    if (answer.kind === "return") return answer.value;
    throw refusal(command, answer);
  }

  return {
    greeting: (timeoutMs: number) =>
      receive("greeting", ({ kind }) => kind === "greeting", timeoutMs),
    execute: (command: string, args?: object, timeoutMs = QMP_TIMEOUT_MS): Promise<unknown> =>
      turn.run(() => executeNow(command, args, timeoutMs)),
    close: () => socket.close(),
  };
}

function refusal(command: string, answer: QmpMessage): CommandError {
  const facts =
    answer.kind === "error" ? { qmpClass: answer.errorClass, stderr: answer.description } : {};
  return new CommandError("COMMAND_FAILED", `QEMU refused ${command}`, {
    argv: command,
    ...facts,
  });
}

function silence(what: string, isLate: boolean): CommandError | HostError {
  return isLate
    ? new CommandError(
        "COMMAND_TIMED_OUT",
        `QEMU did not answer ${what} in time`,
        { argv: what },
        { retry: "observe-first" },
      )
    : new HostError("VM_NOT_RUNNING", `QEMU closed its socket before ${what} was answered`);
}

/** State of the VM as QEMU has it. @see qemu/qemu qapi/run-state.json, query-status */
export async function queryStatus(session: QmpSession): Promise<VmStatus> {
  return parseVmStatus(await session.execute("query-status"));
}

/** Threads of the vCPUs, in the vCPUs' order. @see qemu/qemu qapi/machine.json, query-cpus-fast */
export async function queryVcpuThreads(session: QmpSession): Promise<readonly number[]> {
  return parseVcpuThreads(await session.execute("query-cpus-fast"));
}
