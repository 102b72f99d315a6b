import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { systemClock } from "@switchyard/runtime";

/** A program that is started again whenever it ends, as systemd would with Restart=always. */
export interface Supervised {
  /** Process id; undefined while none runs. */
  readonly pid: number | undefined;
  /** Starts so far. */
  readonly starts: number;
  /** Exits that nobody asked for and no SIGKILL explains, as text. */
  readonly ownExits: readonly string[];
  start(): void;
  /** Starts it; when it ends it stays down until the next start. */
  startOnce(): void;
  /** SIGKILL; it is started again at once. Nothing happens while none runs. */
  kill9(): void;
  /** SIGKILL; it stays down until `start`. Resolves when it is gone. May run twice. */
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Gets the program's stderr. */
  readonly logFile: string;
  /** Told of every start. */
  readonly onStart?: () => void;
}

/** Pause before a program that ended by itself is started again. */
const RESTART_PAUSE_MS = 200;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function launch(options: SuperviseOptions): ChildProcess {
  const log = openSync(options.logFile, "a");
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", options.program],
    {
      env: { PATH: process.env["PATH"], ...options.environment },
      stdio: ["ignore", "ignore", log],
    },
  );
  closeSync(log);
  running.add(child);
  options.onStart?.();
  return child;
}

export function supervise(options: SuperviseOptions): Supervised {
  let child: ChildProcess | undefined;
  let isWanted = false;
  let starts = 0;
  let gone = Promise.resolve();
  const ownExits: string[] = [];

  const run = () => {
    starts += 1;
    const own = launch(options);
    child = own;
    gone = new Promise((resolve) => {
      own.once("exit", (code, signal) => {
        running.delete(own);
        child = undefined;
        resolve();
        if (isWanted) void startAgain(code, signal);
      });
    });
  };
  const startAgain = async (code: number | null, signal: NodeJS.Signals | null) => {
    if (signal !== "SIGKILL") {
      ownExits.push(`exit ${code ?? signal}`);
      await systemClock.sleep(RESTART_PAUSE_MS);
    }
    if (isWanted && child === undefined) run();
  };
  return {
    get pid() {
      return child?.pid;
    },
    get starts() {
      return starts;
    },
    ownExits,
    start: () => {
      isWanted = true;
      if (child === undefined) run();
    },
    startOnce: () => {
      isWanted = false;
      run();
    },
    kill9: () => void child?.kill("SIGKILL"),
    stop: async () => {
      isWanted = false;
      child?.kill("SIGKILL");
      await gone;
    },
  };
}
