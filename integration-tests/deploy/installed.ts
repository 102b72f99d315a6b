import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { renderServerConfig } from "@switchyard/bus";
import { bundleProgram } from "@switchyard/dev/programs";
import { freePort, startPostgres, type TestPostgres, waitFor } from "@switchyard/testkit";
import pg from "pg";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DEPLOY = join(ROOT, "deploy");
const PASSWORD = "p4ss'word";
/** A first start compiles megabytes and migrates, on a machine that does much else. */
const READY_MS = 60_000;

/** A control plane as the operations page installs it, below one folder and on loopback. */
export interface Installed {
  readonly folder: string;
  /** `host:port` of the API. */
  readonly address: string;
  readonly natsAddress: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the packaged `swy` as the admin whom `controller init` made. @returns what it prints */
  swy(...args: readonly string[]): Promise<string>;
  /** Runs the packaged controller's program with other words. */
  controller(...args: readonly string[]): Promise<string>;
  /** What was told to systemd so far. */
  toldSystemd(): Promise<string>;
  stop(): Promise<void>;
}

/** Runs roles.sql as psql does, but for psql's own commands. */
async function makeDatabase(postgres: TestPostgres): Promise<string> {
  const text = await readFile(join(DEPLOY, "postgres", "roles.sql"), "utf8");
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const password = client.escapeLiteral(PASSWORD);
  const statements = text
    .replace(/^(--|\\).*$/gm, "")
    .replaceAll(":password", password)
    .split(";\n");
  try {
    for (const statement of statements) if (statement.trim() !== "") await client.query(statement);
  } finally {
    await client.end();
  }
  return `postgres://switchyard:${encodeURIComponent(PASSWORD)}@127.0.0.1:${postgres.port}/switchyard`;
}

/** A `systemd-notify` that writes down what it is told. */
async function fakeSystemd(
  folder: string,
): Promise<{ readonly path: string; readonly log: string }> {
  const [path, log] = [join(folder, "systemd"), join(folder, "told")];
  await mkdir(path);
  await writeFile(log, "");
  await writeFile(join(path, "systemd-notify"), `#!/bin/sh\necho "$*" >> ${log}\n`);
  await chmod(join(path, "systemd-notify"), 0o755);
  return { path, log };
}

export async function install(): Promise<Installed> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await bringUp(undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(undo: (() => Promise<unknown>)[]): Promise<Omit<Installed, "stop">> {
  const folder = await mkdtemp(join(tmpdir(), "sy-installed-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const programs = join(folder, "programs");
  const [controller, broker, swy] = await Promise.all(
    (["controller", "broker", "swy"] as const).map((name) => bundleProgram(ROOT, name, programs)),
  );
  if (controller === undefined || broker === undefined || swy === undefined) {
    throw new RangeError("a program is missing");
  }
  const secrets = join(folder, "etc");
  await node([controller, "init", "--folder", secrets, "--name", "127.0.0.1"], {});
  const postgres = await startPostgres();
  undo.push(() => postgres.stop());
  const [apiPort, natsPort] = [await freePort(), await freePort()];
  const natsConfig = await writeNatsConfig(secrets, folder, natsPort);
  const systemd = await fakeSystemd(folder);
  const environment = {
    SY_CONFIG: await writeConfig(secrets, folder, { apiPort, natsPort }),
    SY_DATABASE_URL: await makeDatabase(postgres),
    PATH: `${systemd.path}:${process.env["PATH"]}`,
    NOTIFY_SOCKET: "/run/systemd/notify",
  };
  await node([controller, "--check-config"], environment);
  const start = (args: readonly string[]) => {
    const child = spawn(process.execPath, args, {
      env: environment,
      stdio: ["ignore", "ignore", "inherit"],
    });
    undo.push(() => ended(child));
  };
  start([broker, natsConfig, join(secrets, "nats/users.conf")]);
  start([controller]);
  const toldSystemd = () => readFile(systemd.log, "utf8");
  await waitFor(async () => (await toldSystemd()) !== "", { deadlineMs: READY_MS });
  const address = `127.0.0.1:${apiPort}`;
  return {
    ...{ folder: secrets, address, natsAddress: `127.0.0.1:${natsPort}`, environment, toldSystemd },
    controller: (...args) => node([controller, ...args], environment),
    swy: (...args) =>
      node([swy, ...args], {
        SWY_ADDR: address,
        SWY_CA_FILE: join(secrets, "tls/ca.pem"),
        SWY_TOKEN_FILE: join(secrets, "admin.token"),
      }),
  };
}

async function node(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...args], { env: environment });
  return stdout;
}

/** The documented file, with this folder and these ports for the real ones. */
async function writeConfig(
  secrets: string,
  folder: string,
  ports: { readonly apiPort: number; readonly natsPort: number },
): Promise<string> {
  const text = await readFile(join(DEPLOY, "config", "controller.yaml"), "utf8");
  const path = join(folder, "controller.yaml");
  const filled = text
    .replaceAll("/etc/switchyard", secrets)
    .replace("0.0.0.0:7443", `127.0.0.1:${ports.apiPort}`)
    .replace("127.0.0.1:4222", `127.0.0.1:${ports.natsPort}`)
    .replace("# nats_ca_file:", "nats_ca_file:")
    .replace(/^# data_folder: .*$/m, `data_folder: ${join(folder, "data")}`);
  await writeFile(path, filled);
  return path;
}

async function writeNatsConfig(secrets: string, folder: string, port: number): Promise<string> {
  const template = await readFile(join(DEPLOY, "nats", "nats-server.conf"), "utf8");
  const path = join(secrets, "nats", "nats-server.conf");
  const tls = join(secrets, "tls");
  const config = renderServerConfig(template, {
    SERVER_NAME: "switchyard",
    LISTEN: `127.0.0.1:${port}`,
    PID_FILE: join(folder, "nats.pid"),
    MONITOR_PORT: "-1",
    STORE_DIR: join(folder, "store"),
    USERS_FILE: "users.conf",
    TLS_BLOCK: `tls { cert_file: "${tls}/server.pem", key_file: "${tls}/server.key" }`,
  });
  await writeFile(path, config);
  return path;
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
