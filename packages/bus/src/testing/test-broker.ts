import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, nkeyAuthenticator } from "nats";
import { renderServerConfig } from "../authorization/server-config.ts";
import { type HostUser, renderUsers } from "../authorization/users.ts";
import { signalServer } from "../authorization/users-file.ts";
import { createHostKey, type HostKey } from "../keys/host-key.ts";

/** A throwaway nats-server with the configuration that is shipped, in a folder of its own. */
export interface TestBroker {
  readonly servers: readonly string[];
  /** The controllers' NATS user. */
  readonly controllerKey: HostKey;
  readonly usersFile: string;
  readonly reload: () => Promise<void>;
  /** Writes the users file with these hosts; before a start, or followed by `reload`. */
  writeHosts(hosts: readonly HostUser[]): Promise<void>;
  /** Starts it again after `kill9`, on the same port and storage. */
  start(): Promise<void>;
  kill9(): Promise<void>;
  /** Removes the JetStream storage; only while it is down. */
  wipeStorage(): Promise<void>;
  stop(): Promise<void>;
}

const TEMPLATE = new URL("../../../../deploy/nats/nats-server.conf", import.meta.url);
const START_TIMEOUT_MS = 10_000;
const START_POLL_MS = 20;

/** @throws Error when nats-server is not on PATH or does not start */
export async function startTestBroker(hosts: readonly HostUser[] = []): Promise<TestBroker> {
  const folder = await mkdtemp(join(tmpdir(), "switchyard-nats-"));
  const port = await freePort();
  const storeFolder = join(folder, "store");
  const pidFile = join(folder, "nats.pid");
  const usersFile = join(folder, "users.conf");
  const configFile = join(folder, "nats-server.conf");
  const controllerKey = createHostKey();
  const servers = [`127.0.0.1:${port}`];
  const config = renderServerConfig(await readFile(TEMPLATE, "utf8"), {
    SERVER_NAME: "test",
    LISTEN: `127.0.0.1:${port}`,
    PID_FILE: pidFile,
    MONITOR_PORT: "-1",
    STORE_DIR: storeFolder,
    USERS_FILE: "users.conf",
    TLS_BLOCK: "",
  });
  await writeFile(configFile, config);
  const writeHosts = (named: readonly HostUser[]) =>
    writeFile(
      usersFile,
      renderUsers(
        { controllers: [controllerKey.nkeyPublic], hosts: named },
        createHostKey().nkeyPublic,
      ),
    );
  await writeHosts(hosts);
  let child: ChildProcess | undefined;
  const kill9 = async () => {
    if (child === undefined) return;
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    child = undefined;
  };
  const start = async () => {
    child = spawn("nats-server", ["-c", configFile], { stdio: "ignore" });
    await untilServing(servers, controllerKey);
  };
  await start();
  return {
    servers,
    controllerKey,
    usersFile,
    reload: signalServer(pidFile),
    writeHosts,
    start,
    kill9,
    wipeStorage: () => rm(storeFolder, { recursive: true, force: true }),
    stop: async () => {
      await kill9();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilServing(servers: readonly string[], key: HostKey): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      const nats = await connect({
        servers: [...servers],
        authenticator: nkeyAuthenticator(Buffer.from(key.seed)),
      });
      const manager = await nats.jetstreamManager();
      await manager.getAccountInfo();
      return await nats.close();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await delay(START_POLL_MS);
    }
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
