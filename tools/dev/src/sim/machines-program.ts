import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  createSimFleet,
  createSimHostServer,
  type SimFleet,
  type SimHost,
} from "@switchyard/hostsim";
import { createLogger } from "@switchyard/runtime";

/*
 * Simulated machines whose uplinks meet on one wire, each served on a socket `HOST.sock` in a folder that agents'
 * containers share. Over HTTP, /healthz says that all are up, and /effects/HOST what was changed on a machine,
 * so that somebody outside can tell whether anything was done twice.
 */

const USAGE = "usage: sim-machines --hosts N --folder DIR [--seed N] [--port PORT]\n";
const EXIT_USAGE = 2;
/** Agents run as users of their own. */
const SOCKET_MODE = 0o666;
const DEFAULTS = { seed: "1", port: "8080" };

const log = createLogger({ name: "switchyard-sim-machines" });

function readArguments() {
  const { values } = parseArgs({
    options: {
      hosts: { type: "string" },
      folder: { type: "string" },
      seed: { type: "string", default: DEFAULTS.seed },
      port: { type: "string", default: DEFAULTS.port },
    },
  });
  const [hosts, seed, port] = [values.hosts, values.seed, values.port].map(Number);
  if (values.folder === undefined || hosts === undefined || seed === undefined) {
    throw new RangeError("--hosts and --folder are needed");
  }
  if (![hosts, seed, port].every(Number.isInteger)) throw new RangeError("a number is none");
  return { hosts, seed, port, folder: values.folder };
}

/** Serves a machine anew after each of its boots, which end the agent that was connected. */
async function serveMachine(host: SimHost, folder: string): Promise<void> {
  const socketPath = join(folder, `${host.name}.sock`);
  const open = async () => {
    // Of a run before, which ended without taking it away.
    await rm(socketPath, { force: true });
    const server = await createSimHostServer({ host, socketPath });
    await chmod(socketPath, SOCKET_MODE);
    return server;
  };
  let server = await open();
  host.subscribeReboots(() => {
    log.info({ host: host.name }, "the machine boots; its agent is gone");
    void (async () => {
      await server.stop();
      server = await open();
    })();
  });
}

function serveStatus(fleet: SimFleet, port: number): void {
  const byPath = new Map(fleet.hosts.map((host) => [`/effects/${host.name}`, host]));
  const server = createServer((request, response) => {
    if (request.url === "/healthz") {
      response.end("ok\n");
      return;
    }
    const host = byPath.get(request.url ?? "");
    if (host === undefined) response.writeHead(404);
    response.end(JSON.stringify(host?.effects ?? []));
  });
  server.listen(port);
}

try {
  const { hosts, seed, port, folder } = readArguments();
  await mkdir(folder, { recursive: true });
  const fleet = createSimFleet({ hosts, seed });
  for (const host of fleet.hosts) await serveMachine(host, folder);
  serveStatus(fleet, port ?? 0);
  log.info({ hosts, seed, folder }, "simulated machines run");
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => process.exit(0));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exit(EXIT_USAGE);
}
