import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseHostId } from "@switchyard/model";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { renderServerConfig } from "../authorization/server-config.ts";
import { type HostUser, renderUsers } from "../authorization/users.ts";
import { createUsersFile } from "../authorization/users-file.ts";
import { createHostKey } from "../keys/host-key.ts";
import { createAgentBus } from "../nats-agent-bus.ts";
import { runBroker } from "./run-broker.ts";

const TEMPLATE = new URL("../../../../deploy/nats/nats-server.conf", import.meta.url);
const seams = { clock: systemClock, random: systemRandom, log: silentLogger };

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });

describe("runBroker", () => {
  let folder: string;
  let port: number;
  const controller = createHostKey();
  const path = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sy-run-broker-"));
    port = await freePort();
    const config = renderServerConfig(await readFile(TEMPLATE, "utf8"), {
      SERVER_NAME: "test",
      LISTEN: `127.0.0.1:${port}`,
      PID_FILE: path("nats.pid"),
      MONITOR_PORT: "-1",
      STORE_DIR: path("store"),
      USERS_FILE: "users.conf",
      TLS_BLOCK: "",
    });
    await writeFile(path("nats.conf"), config);
    const users = { controllers: [controller.nkeyPublic], hosts: [] };
    await writeFile(path("users.conf"), renderUsers(users, createHostKey().nkeyPublic));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const start = (change: { readonly program?: string; readonly usersFile?: string } = {}) => {
    const stop = new AbortController();
    const exit = runBroker({
      configFile: path("nats.conf"),
      usersFile: path("users.conf"),
      stopping: stop.signal,
      log: silentLogger,
      ...change,
    });
    return { exit, stop: () => stop.abort() };
  };

  it("lets hosts in that a controller writes down, without being signalled, and ends when told", async () => {
    const broker = start();
    const key = createHostKey();
    const hosts: readonly HostUser[] = [{ host: parseHostId("new"), nkeyPublic: key.nkeyPublic }];
    const servers = [`127.0.0.1:${port}`];
    await createUsersFile({
      path: path("users.conf"),
      readUsers: async () => ({ controllers: [controller.nkeyPublic], hosts }),
      reload: () => Promise.resolve(),
      servers,
      ...seams,
    }).sync();
    const host = parseHostId("new");
    const agent = await createAgentBus({
      ...{ servers, host, hostEpoch: 1, key, controllers: [] },
      ...seams,
    });
    assert.equal(agent.isConnected(), true);
    await agent.close();
    broker.stop();
    assert.equal(await broker.exit, 0);
  });

  it("says what it can't read or start", async () => {
    await assert.rejects(start({ usersFile: path("absent") }).exit, {
      reason: "FILE_ACCESS_FAILED",
      message: /absent can't be read/,
    });
    await assert.rejects(start({ program: path("no-server") }).exit, {
      reason: "FILE_ACCESS_FAILED",
      message: /can't be started/,
    });
  });
});
