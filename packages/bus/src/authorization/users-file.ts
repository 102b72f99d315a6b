import { open, readFile, rename } from "node:fs/promises";
import { DispatchError } from "@switchyard/model";
import { type Clock, type Random, silentLogger } from "@switchyard/runtime";
import { createCoalescer } from "../coalescer.ts";
import { openConnection, type TlsFiles } from "../connection/connection.ts";
import { createHostKey, type HostKey } from "../keys/host-key.ts";
import { type BusUsers, renderUsers } from "./users.ts";

export interface UsersFileOptions {
  /** The file that nats-server.conf includes. */
  readonly path: string;
  /** Whom the file shall name now; read anew for every write, so that the last writer knows of all. */
  readonly readUsers: () => Promise<BusUsers>;
  /** Makes the server read its configuration: `signalServer`, or nothing where somebody watches the file. */
  readonly reload: () => Promise<void>;
  /** Where the server is asked whether it has loaded the file; empty: it is not asked. */
  readonly servers: readonly string[];
  readonly tls?: TlsFiles;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keeps the broker's users as the store has them. */
export interface UsersFile {
  /**
   * Writes the file and has it loaded; resolves once the server admits by it. Calls made meanwhile share
   * one write. May run twice and in several controllers.
   *
   * @throws DispatchError BUS_UNAVAILABLE when the server did not load the file in time
   */
  sync(): Promise<void>;
}

/** It holds public keys only; nats-server may run as another user of the folder's group. */
const FILE_MODE = 0o640;
/** The server loads within 0.1 s at 5 000 users. */
const LOADED_TIMEOUT_MS = 5_000;
const LOADED_POLL_MS = 20;
/** A handshake that falls into the reload may never be answered. */
const WITNESS_TIMEOUT_MS = 500;
/** Another controller may write between our reading and our writing; each round sees what it missed. */
const ROUNDS_MAX = 5;
/** Calls that share one write. */
const SYNCS_MAX = 10_000;

export function createUsersFile(options: UsersFileOptions): UsersFile {
  const syncs = createCoalescer<undefined>({
    weightMax: SYNCS_MAX,
    weigh: () => 1,
    inFlightMax: 1,
    flush: async () => writeUntilSettled(options),
  });
  return { sync: () => syncs.add([undefined]) };
}

async function writeUntilSettled(options: UsersFileOptions): Promise<void> {
  let written = "";
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const users = await options.readUsers();
    const wanted = JSON.stringify(users);
    if (wanted === written) return;
    const witness = createHostKey();
    await writeFileWhole(options, renderUsers(users, witness.nkeyPublic));
    await options.reload();
    await untilLoaded(options, witness);
    written = wanted;
  }
}

async function writeFileWhole({ path, random }: UsersFileOptions, text: string): Promise<void> {
  const draft = `${path}.${random.hex(8)}`;
  const file = await open(draft, "wx", FILE_MODE);
  try {
    // Past the process's umask.
    await file.chmod(FILE_MODE);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

async function untilLoaded(options: UsersFileOptions, witness: HostKey): Promise<void> {
  if (options.servers.length === 0) return;
  const deadlineMs = options.clock.monotonicMs() + LOADED_TIMEOUT_MS;
  for (;;) {
    try {
      const connection = await openConnection({
        servers: options.servers,
        name: "switchyard-users-witness",
        inboxPrefix: "_INBOX_WITNESS",
        key: witness,
        tls: options.tls,
        timeoutMs: WITNESS_TIMEOUT_MS,
        log: silentLogger,
      });
      return await connection.nats.close();
    } catch (cause) {
      if (options.clock.monotonicMs() > deadlineMs) {
        throw new DispatchError(
          "BUS_UNAVAILABLE",
          `nats-server did not load ${options.path}`,
          {
            found: "a user that only the new file names is refused",
            needs: "nats-server running with this file, and told of its change",
            try: "nats-server -t -c /etc/switchyard/nats/nats-server.conf",
          },
          { cause, retry: "safe" },
        );
      }
    }
    await options.clock.sleep(LOADED_POLL_MS);
  }
}

/** Makes the server of this machine whose pid file is at `pidFile` read its configuration (SIGHUP). */
export function signalServer(pidFile: string): () => Promise<void> {
  return async () => {
    const pid = Number((await readFile(pidFile, "utf8")).trim());
    if (!Number.isSafeInteger(pid) || pid <= 1) {
      throw new DispatchError("BUS_UNAVAILABLE", `${pidFile} holds no process id`, {
        retry: "safe",
      });
    }
    process.kill(pid, "SIGHUP");
  };
}
