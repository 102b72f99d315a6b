import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { childrenOf, forgetOnExit, isAlive, killByPid, killOnExit } from "./child.ts";
import { embeddedPostgresVersion, loadEmbeddedPostgres } from "./embedded-postgres.ts";
import { freePort } from "./free-port.ts";
import { clusterOwner, placeCluster } from "./prepared-cluster.ts";

/** A throwaway Postgres 18 cluster on loopback, durable (fsync on), in a folder of its own. */
export interface TestPostgres {
  readonly port: number;
  readonly dataFolder: string;
  /** URL of the maintenance database `postgres`. */
  readonly url: string;
  urlOf(database: string): string;
  /** Makes an empty database and returns its URL. One per test file keeps files apart. */
  createDatabase(name: string): Promise<string>;
  pid(): Promise<number>;
  /** SIGKILL to the postmaster and its backends, as a power cut would; resolves when they are gone. */
  kill9(): Promise<void>;
  /** Starts it again on the same data and port, after `kill9` or while it runs (then a clean restart). */
  restart(): Promise<void>;
  /** Stops it and removes its data. May run twice. */
  stop(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Added to the command line, such as `["-c", "max_connections=50"]`. */
  readonly flags?: readonly string[];
  /** Where the data goes; a new temporary folder unless told. Removed by `stop` in both cases. */
  readonly dataFolder?: string;
}

const USER = "postgres";
const PASSWORD = "postgres";
/** Of the system, where root starts the cluster. */
const SYSTEM_USER = "postgres";

/** Only initdb's own files are not flushed; the running server is durable. Part of the prepared cluster's name. */
const INITDB_FLAGS = ["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"];
const PREPARED = `${embeddedPostgresVersion()}-utf8`;

/** Bound of a start after a crash: backends of the killed postmaster must be gone first. */
const RESTART_DEADLINE_MS = 30_000;

/** Small and durable: shared_buffers for a test's working set, everything else as shipped. */
const FLAGS = [
  ["listen_addresses", "127.0.0.1"],
  ["unix_socket_directories", ""],
  ["fsync", "on"],
  ["synchronous_commit", "on"],
  ["shared_buffers", "128MB"],
  ["max_connections", "100"],
].flatMap(([key, value]) => ["-c", `${key}=${value}`]);

async function postmasterPid(dataFolder: string): Promise<number> {
  const text = await readFile(join(dataFolder, "postmaster.pid"), "utf8");
  return Number(text.split("\n")[0]);
}

/**
 * Starts a throwaway cluster. As root it runs under the system user `postgres`, which is made when it is
 * not there, because Postgres refuses root.
 */
export async function startPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const parent = options.dataFolder ?? (await mkdtemp(join(tmpdir(), "sy-postgres-")));
  const dataFolder = join(parent, "data");
  const port = await freePort();
  const cluster = await createCluster({ dataFolder, port, flags: options.flags ?? [] });
  await mkdir(parent, { recursive: true });
  // The system user that runs the cluster must be able to pass through.
  await chmod(parent, 0o711);
  await placeCluster(dataFolder, {
    name: PREPARED,
    owner: clusterOwner(SYSTEM_USER),
    initialise: async (folder) =>
      (await createCluster({ dataFolder: folder, port, flags: [] })).initialise(),
  });
  await cluster.start();
  let pid = await postmasterPid(dataFolder);
  killOnExit(pid);
  let isStopped = false;
  const urlOf = (database: string) =>
    `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;

  const kill9 = async () => {
    // A backend that has a statement to read may miss the postmaster's end, and still commit it.
    const processes = [pid, ...(await childrenOf(pid))];
    for (const each of processes) killByPid(each);
    await waitFor(() => !processes.some(isAlive), { deadlineMs: RESTART_DEADLINE_MS });
    forgetOnExit(pid);
    // The package stops its clusters at exit and would wait for the end of one that is gone already.
    Reflect.deleteProperty(cluster, "process");
  };
  return {
    port,
    dataFolder,
    url: urlOf("postgres"),
    urlOf,
    createDatabase: async (name) => {
      await cluster.createDatabase(name);
      return urlOf(name);
    },
    pid: () => postmasterPid(dataFolder),
    kill9,
    restart: async () => {
      if (isAlive(pid)) await cluster.stop();
      forgetOnExit(pid);
      await waitFor(
        async () => {
          await cluster.start();
          return true;
        },
        { deadlineMs: RESTART_DEADLINE_MS },
      );
      pid = await postmasterPid(dataFolder);
      killOnExit(pid);
    },
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      if (isAlive(pid)) await cluster.stop();
      forgetOnExit(pid);
      await rm(parent, { recursive: true, force: true });
    },
  };
}

interface ClusterOptions {
  readonly dataFolder: string;
  readonly port: number;
  readonly flags: readonly string[];
}

async function createCluster(options: ClusterOptions) {
  const EmbeddedPostgres = await loadEmbeddedPostgres();
  return new EmbeddedPostgres({
    databaseDir: options.dataFolder,
    port: options.port,
    user: USER,
    password: PASSWORD,
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: INITDB_FLAGS,
    postgresFlags: [...FLAGS, ...options.flags],
    onLog: () => undefined,
    onError: () => undefined,
  });
}
