import { constants } from "node:os";
import { CommandError } from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";
import { execa } from "execa";
import {
  COMMAND_DEFAULTS,
  type Command,
  type CommandResult,
  SIGNAL_STATUS_BASE,
} from "../port/host.ts";
import { COMMAND_ENVIRONMENT } from "./environment.ts";
import { gatherOutput } from "./output.ts";

/** Time between SIGTERM and SIGKILL, in which a tool can release what it holds. */
const KILL_GRACE_MS = 2000;
/**
 * Time for the last output after the program ended. A daemon it left behind may hold the pipe for ever; a
 * busy process of ours may need a while to read what is there.
 */
const OUTPUT_GRACE_MS = 1000;

type Child = ReturnType<typeof spawn>;

/** How a program ended, or that it did not begin. */
type Ending =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "not-started"; readonly cause: unknown }
  | { readonly kind: "stopped"; readonly why: "time" | "signal" };

/** Runs programs for the Linux host: no shell, a fixed environment, a process group of their own. */
export function createCommandRunner(options: { readonly log: Logger; readonly clock: Clock }) {
  const { log, clock } = options;
  return async (command: Command): Promise<CommandResult> => {
    const startMs = clock.monotonicMs();
    const child = spawn(command);
    const maxBytes = command.maxOutputBytes ?? COMMAND_DEFAULTS.maxOutputBytes;
    const stdout = gatherOutput(child.stdout, maxBytes);
    const stderr = gatherOutput(child.stderr, maxBytes);
    const ending = await waitForEnd(child, command, clock);
    const durationMs = clock.monotonicMs() - startMs;
    log.debug({ argv: command.argv, durationMs, ending }, "ran a program");
    if (ending.kind !== "exited") throw endingError(command, ending, stderr.text());
    return {
      exitCode: ending.exitCode,
      stdout: stdout.text(),
      stderr: stderr.text(),
      durationMs,
      isTruncated: stdout.isTruncated() || stderr.isTruncated(),
    };
  };
}

function spawn(command: Command) {
  const [program, ...args] = command.argv;
  return execa(program, args, {
    env: COMMAND_ENVIRONMENT,
    extendEnv: false,
    detached: true,
    // What runs when the agent ends shall come to its own end: a mode change cut short is worse.
    cleanup: false,
    buffer: false,
    reject: false,
    stdout: "pipe",
    stderr: "pipe",
    ...(command.stdin === undefined ? { stdin: "ignore" as const } : { input: command.stdin }),
  });
}

async function waitForEnd(child: Child, command: Command, clock: Clock): Promise<Ending> {
  const finished = new AbortController();
  const ending = await Promise.race([
    waitForExit(child),
    waitForStop(command, clock, finished.signal),
  ]);
  finished.abort();
  if (ending.kind === "stopped") await killGroup(child, clock);
  else await drain(child, clock);
  return ending;
}

/** Ends with the program itself, not with its pipes, which a daemon may have inherited. */
function waitForExit(child: Child): Promise<Ending> {
  return new Promise((resolve) => {
    child.nodeChildProcess.once("exit", (code, signal) => {
      const number = signal === null ? 0 : constants.signals[signal];
      resolve({ kind: "exited", exitCode: code ?? SIGNAL_STATUS_BASE + number });
    });
    void child.then((result) => {
      if (child.pid === undefined) resolve({ kind: "not-started", cause: result });
    });
  });
}

async function waitForStop(command: Command, clock: Clock, finished: AbortSignal): Promise<Ending> {
  const { signal } = command;
  const timeoutMs = command.timeoutMs ?? COMMAND_DEFAULTS.timeoutMs;
  await clock.sleep(
    timeoutMs,
    signal === undefined ? finished : AbortSignal.any([finished, signal]),
  );
  return { kind: "stopped", why: signal?.aborted === true ? "signal" : "time" };
}

/** A process stuck in the kernel survives even SIGKILL, so the wait for its end is bounded. */
async function killGroup(child: Child, clock: Clock): Promise<void> {
  const exit = new AbortController();
  child.nodeChildProcess.once("exit", () => exit.abort());
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (exit.signal.aborted || child.pid === undefined) break;
    signalGroup(child.pid, signal);
    await clock.sleep(KILL_GRACE_MS, exit.signal);
  }
  release(child);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group ended in the meantime, which is what was wanted.
  }
}

async function drain(child: Child, clock: Clock): Promise<void> {
  const closed = new AbortController();
  void child.then(() => closed.abort());
  await clock.sleep(OUTPUT_GRACE_MS, closed.signal);
  release(child);
}

function release(child: Child): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.nodeChildProcess.unref();
}

function endingError(
  command: Command,
  ending: Exclude<Ending, { kind: "exited" }>,
  stderr: string,
): CommandError {
  const argv = command.argv.join(" ");
  if (ending.kind === "not-started") {
    const text = `${command.argv[0]} could not be started`;
    return new CommandError("COMMAND_NOT_STARTED", text, { argv }, { cause: ending.cause });
  }
  const why = ending.why === "time" ? "did not end in time" : "was stopped";
  return new CommandError(
    "COMMAND_TIMED_OUT",
    `${command.argv[0]} ${why}`,
    { argv, stderr: stderr.trim().slice(-STDERR_KEPT_MAX) },
    { retry: "observe-first" },
  );
}

/** Bytes of stderr kept in an error. */
const STDERR_KEPT_MAX = 2048;
