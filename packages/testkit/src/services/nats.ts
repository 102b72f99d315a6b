import { type ChildProcess, spawn } from "node:child_process";
import { access, constants, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { forgetOnExit, killByPid, killOnExit, untilExit } from "./child.ts";
import { freePort } from "./free-port.ts";

/** A nats-server of this process with JetStream, on loopback. */
export interface TestNats {
  readonly port: number;
  readonly url: string;
  /** JetStream's storage. Copy it while stopped to model an old snapshot. */
  readonly storeFolder: string;
  readonly configFile: string;
  pid(): number;
  /** SIGKILL; resolves when it is gone. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and storage; stops it first where it runs. */
  restart(): Promise<void>;
  /** SIGHUP: reads its configuration again. Write `configFile` first with `writeConfig`. */
  reload(): void;
  /** Replaces the part of the configuration that `config` gave. */
  writeConfig(config: string): Promise<void>;
  /** Removes JetStream's storage; the server must be stopped by `kill9` first. */
  wipeStorage(): Promise<void>;
  /** Stops it and removes its folder. May run twice. */
  stop(): Promise<void>;
}

export interface TestNatsOptions {
  /** Added to the configuration file: authorization, limits. Without it anyone on loopback may do all. */
  readonly config?: string;
  /** JetStream's storage; a new temporary folder unless told. */
  readonly storeFolder?: string;
}

const START_DEADLINE_MS = 10_000;
/** Output kept for the message of a failed start. */
const OUTPUT_CHARS_MAX = 4_000;
/** Where Debian puts daemons; often not on a user's PATH. */
const EXTRA_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/** Path of nats-server from PATH or the folders for daemons. @throws Error that says what to install */
export async function findNatsServer(): Promise<string> {
  const folders = [...(process.env["PATH"] ?? "").split(":"), ...EXTRA_FOLDERS];
  for (const folder of folders.filter((each) => each !== "")) {
    const path = join(folder, "nats-server");
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new Error(
    "nats-server is not on the PATH nor in /usr/sbin: install Debian's package nats-server",
  );
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
}

async function launch(program: string, configFile: string, port: number): Promise<Running> {
  const child = spawn(program, ["--config", configFile], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX);
  });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`nats-server ended at its start:\n${output}`)));
  });
  failed.catch(() => undefined);
  if (child.pid !== undefined) killOnExit(child.pid);
  await Promise.race([waitFor(() => isListening(port), { deadlineMs: START_DEADLINE_MS }), failed]);
  return { child, pid: child.pid! }; // it answered, so it was started
}

async function end(running: Running, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (signal === "SIGKILL") killByPid(running.pid);
  else running.child.kill(signal);
  await untilExit(running.child);
  forgetOnExit(running.pid);
}

/**
 * Starts nats-server with JetStream in a temporary folder.
 *
 * @throws Error that says what to install, or with the server's own output when it does not start
 */
export async function startNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const program = await findNatsServer();
  const folder = await mkdtemp(join(tmpdir(), "sy-nats-"));
  const storeFolder = options.storeFolder ?? join(folder, "jetstream");
  const configFile = join(folder, "nats.conf");
  const port = await freePort();
  const writeConfig = (config: string) =>
    writeFile(
      configFile,
      `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${storeFolder}" }\n${config}\n`,
    );
  await writeConfig(options.config ?? "");
  let running = await launch(program, configFile, port);
  let isStopped = false;
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    storeFolder,
    configFile,
    pid: () => running.pid,
    kill9: () => end(running, "SIGKILL"),
    restart: async () => {
      await end(running, "SIGTERM");
      running = await launch(program, configFile, port);
    },
    reload: () => {
      running.child.kill("SIGHUP");
    },
    writeConfig,
    wipeStorage: () => rm(storeFolder, { recursive: true, force: true }),
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      await end(running, "SIGKILL");
      await rm(folder, { recursive: true, force: true });
      if (options.storeFolder !== undefined) {
        await rm(options.storeFolder, { recursive: true, force: true });
      }
    },
  };
}
