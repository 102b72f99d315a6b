import { CommandError, HostError } from "@switchyard/model";
import { type Clock, systemClock } from "@switchyard/runtime";
import type { Host } from "../../port/host.ts";
import { type GuestExecResult, parseExecPid, parseExecStatus } from "./parse.ts";
import { type GuestSession, withGuest } from "./session.ts";

/**
 * Pauses between two looks at a program that runs in the guest, which has no way to tell of its end: most end within
 * milliseconds, and each pause is twice the one before.
 */
const POLL_MS = { first: 5, max: 200 } as const;
/** A program that runs longer does not keep the agent's socket between two looks, which are then further apart. */
const HOLD_MS = 2_000;
const LATE_POLL_MS = 1_000;

/** An agent that does not answer, and one that others ask all the time. */
const SILENCE: readonly string[] = ["GUEST_AGENT_SILENT", "COMMAND_TIMED_OUT"];

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
    const isSilent = error instanceof HostError && SILENCE.includes(error.reason);
    if (isSilent) return false;
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
    for (let pauseMs: number = POLL_MS.first; ; pauseMs = Math.min(2 * pauseMs, POLL_MS.max)) {
      const result = parseExecStatus(await session.call("guest-exec-status", { pid }));
      if (result !== undefined || clock.monotonicMs() >= endMs) return result;
      await clock.sleep(Math.min(pauseMs, Math.max(1, endMs - clock.monotonicMs())));
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
