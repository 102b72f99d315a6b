import { type ChildProcess, spawn } from "node:child_process";
import { watch } from "node:fs";
import { access, constants } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { HostError } from "@switchyard/model";
import type { Logger } from "@switchyard/runtime";

export interface BrokerOptions {
  /** nats-server's configuration. */
  readonly configFile: string;
  /** The file of users that it includes. */
  readonly usersFile: string;
  /** `nats-server` on the PATH unless told. */
  readonly program?: string;
  /** Told to end: nats-server gets SIGTERM and ends as it does by itself. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** What nats-server says once it serves; before, SIGHUP would end it. */
const READY = "Server is ready";
/** Of what it says, kept until READY was found. */
const SAID_LENGTH_MAX = 64 * 1024;

/**
 * Runs nats-server and has it read its configuration anew whenever the file of users changes, so that controllers
 * that are other users, on other machines with a shared folder, or in other containers need not signal it.
 * nats-server's own lines go to stderr as they are.
 *
 * @returns 0 when told to end, however nats-server took it (2.9 exits with 1), else its exit status, 1 for a signal
 * @throws HostError FILE_ACCESS_FAILED where the files can't be read or nats-server can't be started
 */
export async function runBroker(options: BrokerOptions): Promise<number> {
  const { configFile, usersFile, stopping, log } = options;
  for (const path of [configFile, usersFile]) await requireReadable(path);
  const program = options.program ?? "nats-server";
  const child = spawn(program, ["--config", configFile], { stdio: ["ignore", "inherit", "pipe"] });
  let isReady = false;
  let isDue = false;
  const reload = () => {
    isDue = !isReady;
    if (!isReady) return;
    log.info({ usersFile }, "nats-server is told to read its users anew");
    child.kill("SIGHUP");
  };
  onReady(child, () => {
    isReady = true;
    if (isDue) reload();
  });
  // The file is replaced, so that its folder is what can be watched.
  const watcher = watch(dirname(usersFile), (_event, name) => {
    if (name === basename(usersFile)) reload();
  });
  const stop = () => void child.kill("SIGTERM");
  stopping.addEventListener("abort", stop, { once: true });
  try {
    return await ended(child, program, stopping);
  } finally {
    stopping.removeEventListener("abort", stop);
    watcher.close();
  }
}

async function requireReadable(path: string): Promise<void> {
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new HostError(
      "FILE_ACCESS_FAILED",
      `${path} can't be read`,
      { found: String(cause), needs: "a file that this user can read", try: "controller init" },
      { cause },
    );
  });
}

function onReady(child: ChildProcess, tell: () => void): void {
  let said: string | undefined = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    process.stderr.write(chunk);
    if (said === undefined) return;
    said = `${said}${chunk.toString()}`.slice(-SAID_LENGTH_MAX);
    if (!said.includes(READY)) return;
    said = undefined;
    tell();
  });
}

const ended = (child: ChildProcess, program: string, stopping: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new HostError(
          "FILE_ACCESS_FAILED",
          `${program} can't be started`,
          { found: cause.message, needs: "nats-server 2.9 or newer", try: "nats-server --version" },
          { cause },
        ),
      ),
    );
    child.once("exit", (status) => resolve(stopping.aborted ? 0 : (status ?? 1)));
  });
