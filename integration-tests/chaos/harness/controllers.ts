import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient, type SwitchyardClient } from "@switchyard/client";
import type { Broker } from "@switchyard/dev/stack";
import { freePort, waitFor } from "@switchyard/testkit";
import type { Programs } from "./programs.ts";
import { type Supervised, supervise } from "./supervisor.ts";

/** A controller in a process of its own, always at the same address. */
export interface ControllerProcess extends Supervised {
  readonly address: string;
  readonly client: SwitchyardClient;
  /** Resolves when the API answers. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface ControllerOptions {
  readonly number: number;
  readonly programs: Programs;
  readonly folder: string;
  readonly databaseUrl: string;
  readonly clusterKey: string;
  readonly broker: Broker;
}

/** A start compiles, migrates and connects, on a machine that does much else. */
const READY_DEADLINE_MS = 60_000;
const PROBE_TIMEOUT_MS = 5_000;

/** Starts the product's own program with a signing key of its own; does not wait until it answers. */
export async function startControllerProcess(
  options: ControllerOptions,
): Promise<ControllerProcess> {
  const folder = join(options.folder, `controller-${options.number}`);
  await mkdir(folder, { recursive: true });
  const address = `127.0.0.1:${await freePort()}`;
  const program = supervise({
    program: options.programs.controller,
    environment: await environmentOf(options, folder, address),
    logFile: join(folder, "log"),
  });
  const client = createClient({ address, security: { kind: "insecure" } });
  program.start();
  return Object.assign(program, {
    address,
    client,
    ready: async () => {
      const probe = () => client.hosts.listHosts({ pageSize: 1 }, { timeoutMs: PROBE_TIMEOUT_MS });
      await waitFor(probe, { deadlineMs: READY_DEADLINE_MS });
    },
    close: async () => {
      client.close();
      await program.stop();
    },
  });
}

async function environmentOf(
  { broker, clusterKey, databaseUrl, programs }: ControllerOptions,
  folder: string,
  address: string,
): Promise<Readonly<Record<string, string>>> {
  const clusterKeyFile = join(folder, "cluster-key");
  const seedFile = join(folder, "nats-seed");
  await writeFile(clusterKeyFile, clusterKey, { mode: 0o600 });
  await writeFile(seedFile, broker.controllerKey.seed, { mode: 0o600 });
  return {
    SY_CONFIG: join(folder, "absent.yaml"),
    SY_LISTEN: address,
    SY_HTTP_LISTEN: "127.0.0.1:0",
    SY_INSECURE_LOOPBACK: "true",
    SY_CLUSTER_KEY_FILE: clusterKeyFile,
    SY_DATABASE_URL: databaseUrl,
    SY_NATS_SERVERS: broker.nats.url,
    SY_NATS_SEED_FILE: seedFile,
    SY_NATS_USERS_FILE: broker.usersFile,
    SY_NATS_PID_FILE: broker.pidFile,
    SY_DATA_FOLDER: folder,
    SY_LOG_LEVEL: "warn",
    NODE_COMPILE_CACHE: programs.cacheFolder,
  };
}
