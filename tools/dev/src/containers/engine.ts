import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { type FileLock, takeFileLock } from "@switchyard/host";
import { systemClock } from "@switchyard/runtime";
import { cacheFolder, waitFor } from "@switchyard/testkit";
import { runTool, type ToolOutcome } from "../run.ts";
import { ENGINE_SOCKET, findDaemon } from "../setup/docker.ts";

/** A container engine that answers. */
export interface Engine {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Whether it was started here; ports are then published on 127.0.0.1 only. */
  readonly isOurs: boolean;
  /** Runs the docker client against it. */
  docker(
    args: readonly string[],
    options?: { readonly timeoutSeconds?: number },
  ): Promise<ToolOutcome>;
  /** Ends the engine, with all that runs in it, where it was started here. May run twice. */
  stop(): Promise<void>;
}

/** Why there is none. */
export interface NoEngine {
  readonly reason: string;
}

const CLIENT = "/usr/bin/docker";
const PING_MS = 5_000;
const START_MS = 60_000;
const STOP_MS = 60_000;
/** Of another test run on this machine, which has the same engine's folder. */
const LOCK_MS = 240_000;
const LOG_LINES = 5;

/** Where its images, socket and state are. */
export const engineFolder = (): string => cacheFolder("containers");

/**
 * The engine that answers, by DOCKER_HOST or at its usual place; else, for root, one that is started here: with
 * images, socket and state below the cache, without a bridge of its own, and without a change of this machine's packet
 * filter and forwarding. Networks of their own between containers, names and published ports work all the same.
 */
export async function findEngine(): Promise<Engine | NoEngine> {
  const host = process.env["DOCKER_HOST"] ?? `unix://${ENGINE_SOCKET}`;
  if (await answers(host)) return engineAt(host);
  if (process.env["DOCKER_HOST"] !== undefined) return { reason: `nothing answers at ${host}` };
  if (process.getuid?.() !== 0) {
    return { reason: `no engine answers at ${ENGINE_SOCKET}, and only root can start one` };
  }
  const program = findDaemon();
  if (program === undefined) return { reason: "dockerd is not installed (Debian: docker.io)" };
  return startEngine(program);
}

async function startEngine(program: string): Promise<Engine | NoEngine> {
  const folder = engineFolder();
  await mkdir(folder, { recursive: true });
  const lock = await takeFileLock(join(folder, "lock"), { clock: systemClock, timeoutMs: LOCK_MS });
  if (lock === undefined) return { reason: `another run has the engine in ${folder}` };
  const socket = join(folder, "docker.sock");
  const logFile = join(folder, "dockerd.log");
  const host = `unix://${socket}`;
  const daemon = launch(program, { folder, socket, logFile });
  try {
    const isUp = async () => daemon.exitCode !== null || (await answers(host));
    await waitFor(isUp, { deadlineMs: START_MS });
    if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}`);
  } catch (error) {
    await end(daemon, lock);
    const said = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-LOG_LINES).join(" | ");
    return { reason: `${error instanceof Error ? error.message : String(error)}: ${said}` };
  }
  const engine = engineAt(host, () => end(daemon, lock));
  // What a run that was killed left behind.
  const left = (await engine.docker(["ps", "--all", "--quiet"])).output.split("\n").filter(Boolean);
  if (left.length > 0) await engine.docker(["rm", "--force", "--volumes", ...left]);
  await engine.docker(["network", "prune", "--force"]);
  await engine.docker(["volume", "prune", "--force"]);
  await engine.docker(["image", "prune", "--force"]);
  return engine;
}

function launch(
  program: string,
  place: { readonly folder: string; readonly socket: string; readonly logFile: string },
): ChildProcess {
  const { folder, socket, logFile } = place;
  const log = openSync(logFile, "w");
  const child = spawn(
    program,
    [
      ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")],
      ...["--pidfile", join(folder, "dockerd.pid"), "--host", `unix://${socket}`],
      ...[
        "--bridge=none",
        "--ip=127.0.0.1",
        "--iptables=false",
        "--ip-masq=false",
        "--ip-forward=false",
      ],
    ],
    {
      stdio: ["ignore", log, log],
      env: { ...process.env, PATH: `/usr/sbin:${process.env["PATH"]}` },
    },
  );
  closeSync(log);
  // A test process that ends without a word takes the engine with it.
  const kill = () => void child.kill("SIGTERM");
  process.once("exit", kill);
  child.once("exit", () => process.removeListener("exit", kill));
  return child;
}

async function end(daemon: ChildProcess, lock: FileLock): Promise<void> {
  if (daemon.exitCode === null && daemon.signalCode === null) {
    const gone = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGTERM");
    const patience = new AbortController();
    const late = systemClock.sleep(STOP_MS, patience.signal).then(() => daemon.kill("SIGKILL"));
    await Promise.race([gone, late]);
    patience.abort();
  }
  await lock.release();
}

const engineAt = (host: string, stop?: () => Promise<void>): Engine => ({
  host,
  isOurs: stop !== undefined,
  docker: (args, options = {}) =>
    runTool([existsSync(CLIENT) ? CLIENT : "docker", ...args], {
      ...options,
      // The builder of every release; the newer one is a plug-in that need not be there.
      env: { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: "0" },
    }),
  stop: stop ?? (() => Promise.resolve()),
});

/** Whether an engine answers at a place as DOCKER_HOST names it. */
function answers(host: string): Promise<boolean> {
  const place = host.startsWith("unix://")
    ? { socketPath: host.slice("unix://".length) }
    : { host: new URL(host).hostname, port: new URL(host).port };
  return new Promise((resolve) => {
    const asked = request({ ...place, path: "/_ping", timeout: PING_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(false));
    asked.end();
  });
}
