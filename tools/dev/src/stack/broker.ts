import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createHostKey, type HostKey, renderUsers } from "@switchyard/bus";
import { startNats, type TestNats } from "@switchyard/testkit";

/** nats-server with the permissions of production: every host speaks only its own subjects. */
export interface Broker {
  readonly nats: TestNats;
  /** The controllers' NATS user. */
  readonly controllerKey: HostKey;
  readonly usersFile: string;
  readonly pidFile: string;
  stop(): Promise<void>;
}

/** Starts nats-server with a users file that names the controllers only; a controller adds the hosts. */
export async function startBroker(): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), "sy-broker-"));
  await chmod(folder, 0o700);
  const controllerKey = createHostKey();
  const usersFile = join(folder, "users.conf");
  const pidFile = join(folder, "nats.pid");
  const witness = createHostKey().nkeyPublic;
  await writeFile(
    usersFile,
    renderUsers({ controllers: [controllerKey.nkeyPublic], hosts: [] }, witness),
  );
  const nats = await startNats({
    config: [
      `pid_file: "${pidFile}"`,
      'ping_interval: "5s"',
      "ping_max: 2",
      "max_payload: 1MB",
      // An include is relative to the file that includes; both folders stand side by side.
      `authorization { timeout: 5, include "../${basename(folder)}/users.conf" }`,
    ].join("\n"),
  });
  return {
    nats,
    controllerKey,
    usersFile,
    pidFile,
    stop: async () => {
      await nats.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A folder for keys and ledgers of one stack. */
export async function makeStackFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sy-stack-"));
  await mkdir(join(folder, "agents"), { recursive: true });
  return folder;
}
