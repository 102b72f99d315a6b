import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@switchyard/runtime";
import { freePort, waitFor } from "@switchyard/testkit";
import { execa } from "execa";

/** OpenStack Placement as Debian packages it, on a database of its own. */
export interface OpenstackServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** What has to be there; `./dev bench placement` installs it where it runs as root on Debian. */
const PACKAGES = ["placement-api", "python3-psycopg2", "uwsgi-core", "uwsgi-plugin-python3"];
const PROGRAMS = ["/usr/bin/placement-manage", "/usr/bin/placement-api", "/usr/bin/uwsgi-core"];
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const START_TIMEOUT_MS = 60_000;
const SYNC_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;

/** How Debian runs it; the same but for who and where it logs. */
const DEBIAN_INI = "/etc/placement/placement-api-uwsgi.ini";
const OF_THE_SERVICE = /^(logto|paste-logger|uid|gid|chdir)\b/;

/**
 * Installs the packages where they are missing and we may.
 *
 * @returns why there is no peer to compare with; undefined when it is there
 */
export async function findObstacle(say: (line: string) => void): Promise<string | undefined> {
  const missing = async () => (await execa("ls", PROGRAMS, { reject: false })).exitCode !== 0;
  if (!(await missing())) return undefined;
  if (process.getuid?.() !== 0) return `not installed: apt-get install ${PACKAGES.join(" ")}`;
  say(`installing ${PACKAGES.join(", ")}`);
  const { exitCode, stderr } = await execa(
    "apt-get",
    ["install", "--yes", "--no-install-recommends", ...PACKAGES],
    {
      env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      timeout: INSTALL_TIMEOUT_MS,
      reject: false,
    },
  );
  if (exitCode === 0 && !(await missing())) return undefined;
  return `apt-get install ${PACKAGES.join(" ")} failed: ${stderr.trim().split("\n").at(-1) ?? ""}`;
}

const configuration = (databaseUrl: string): string =>
  [
    "[DEFAULT]",
    "debug = false",
    "[api]",
    "auth_strategy = noauth2",
    "[placement_database]",
    `connection = ${databaseUrl.replace("postgres://", "postgresql+psycopg2://")}`,
    "max_pool_size = 8",
    "max_overflow = 8",
    "",
  ].join("\n");

async function debianSettings(): Promise<string> {
  const lines = (await readFile(DEBIAN_INI, "utf8")).split("\n");
  return [...lines.filter((line) => !OF_THE_SERVICE.test(line)), "disable-logging = true"].join(
    "\n",
  );
}

/** Starts it behind uWSGI with Debian's own settings. */
export async function startOpenstack(databaseUrl: string): Promise<OpenstackServer> {
  const port = await freePort();
  const folder = join(tmpdir(), `sy-openstack-${process.pid}-${port}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "placement.conf"), configuration(databaseUrl));
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", OS_PLACEMENT_CONFIG_DIR: folder };
  await execa(
    "/usr/bin/placement-manage",
    ["--config-file", join(folder, "placement.conf"), "db", "sync"],
    { env, extendEnv: false, timeout: SYNC_TIMEOUT_MS },
  );
  const ini = join(folder, "uwsgi.ini");
  await writeFile(ini, await debianSettings());
  const server = execa(
    "/usr/bin/uwsgi-core",
    ["--http-socket", `127.0.0.1:${port}`, "--ini", ini],
    {
      env,
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    },
  );
  const stop = async () => {
    server.kill("SIGTERM", undefined);
    await Promise.race([server, systemClock.sleep(STOP_TIMEOUT_MS)]);
    server.kill("SIGKILL");
    await server;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor(async () => (await fetch(url).catch(() => undefined))?.ok === true, {
      deadlineMs: START_TIMEOUT_MS,
      describe: () => "placement-api does not answer",
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
