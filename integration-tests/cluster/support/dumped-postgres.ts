import { execFile, spawn } from "node:child_process";
import { chmod, chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, waitFor } from "@switchyard/testkit";

/** Where Debian's packages have server and client programs side by side, by version. */
const PROGRAMS = "/usr/lib/postgresql";
const OLDEST = 15;
const ROOT = 0;
const START_MS = 30_000;

const run = promisify(execFile);

/** The newest Debian Postgres with pg_dump; undefined where there is none of those that Switchyard runs on. */
export async function findPostgresPrograms(): Promise<string | undefined> {
  const versions = (await readdir(PROGRAMS).catch(() => [])).map(Number).sort((a, b) => b - a);
  const newest = versions.find((version) => version >= OLDEST);
  return newest === undefined ? undefined : join(PROGRAMS, String(newest), "bin");
}

/** A cluster with the programs that copy and restore a database, as the operations page calls them. */
export interface DumpedPostgres {
  readonly databaseUrl: string;
  dump(): Promise<void>;
  restore(): Promise<void>;
  stop(): Promise<void>;
}

/** Postgres refuses root: as root it runs as Debian's own user of it. */
async function ownerOf(): Promise<{ readonly uid: number; readonly gid: number } | object> {
  if (userInfo().uid !== ROOT) return {};
  const id = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

export async function startDumpedPostgres(programs: string): Promise<DumpedPostgres> {
  const owner = await ownerOf();
  const folder = await mkdtemp(join(tmpdir(), "sy-dumped-"));
  if ("uid" in owner) await chown(folder, owner.uid, owner.gid);
  await chmod(folder, 0o700);
  const [data, file, port] = [join(folder, "data"), join(folder, "copy"), await freePort()];
  const program = (name: string, ...args: string[]) =>
    run(join(programs, name), args, { ...owner, cwd: folder });
  await program("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--pgdata", data);
  const server = spawn(
    join(programs, "postgres"),
    ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-k", ""],
    { ...owner, cwd: folder, stdio: "ignore" },
  );
  const urlOf = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  const isUp = () =>
    program("psql", "--command", "CREATE DATABASE switchyard", urlOf("postgres")).then(
      () => true,
      () => undefined,
    );
  await waitFor(isUp, { deadlineMs: START_MS });
  const databaseUrl = urlOf("switchyard");
  return {
    databaseUrl,
    dump: async () =>
      void (await program("pg_dump", "--format=custom", "--file", file, databaseUrl)),
    restore: async () => {
      const anew = ["--create", "--clean", "--if-exists", "--exit-on-error"];
      await program("pg_restore", ...anew, "--dbname", urlOf("postgres"), file);
    },
    stop: async () => {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
