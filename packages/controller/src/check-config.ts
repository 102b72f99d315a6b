import { readFile } from "node:fs/promises";
import {
  createSigningKey,
  hostKeyFromSeed,
  loadOrCreateSigningKey,
  type SigningKey,
} from "@switchyard/bus";
import type { Environment } from "@switchyard/runtime";
import { systemRandom } from "@switchyard/runtime";
import { serverCredentials } from "./api/listen.ts";
import { invalid, readConfig } from "./config.ts";
import type { ControllerConfig } from "./controller-config.ts";

/**
 * Reads the configuration as a start would, and every file that it names, without making or changing
 * anything. Neither Postgres nor NATS is asked.
 *
 * @returns what a start would do, one line each
 * @throws InvalidInputError CONFIG_INVALID; SwitchyardError CONFIG_INVALID
 */
export async function checkConfig(environment: Environment): Promise<readonly string[]> {
  const config = await readConfig(environment, signingKeyIfThere);
  checkAddress(config.listen.address);
  await serverCredentials(config.listen);
  const database = databaseOf(config.databaseUrl);
  await checkNats(config);
  const { listen, nats, tokens } = config;
  return [
    `API: ${listen.address}, ${listen.tls === undefined ? "without TLS, for this machine only" : "TLS"}, ${tokens.length} tokens`,
    `Postgres: ${database}`,
    `NATS: ${nats.servers.join(", ")}, ${nats.tls === undefined ? "without TLS" : "TLS"}; agents are told ${(nats.agentServers ?? nats.servers).join(", ")}`,
    nats.usersFile === undefined
      ? "NATS users: kept by others"
      : `NATS users: written to ${nats.usersFile.path}, nats-server is told by ${nats.usersFile.pidFile === undefined ? "whoever watches the file" : "a signal"}`,
  ];
}

/** A start makes the key where there is none; a check must not. */
export async function signingKeyIfThere(path: string): Promise<SigningKey> {
  try {
    await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return createSigningKey();
    throw invalid("data_folder", "a folder that this process can read", { found: String(error) });
  }
  return loadOrCreateSigningKey(path, systemRandom);
}

const PORT_MAX = 65_535;

function checkAddress(address: string): void {
  const port = Number(/:(\d{1,5})$/.exec(address)?.[1] ?? Number.NaN);
  if (!(port <= PORT_MAX)) throw invalid("listen", "host:port", { found: address });
}

/** Host and database, without user and password. */
function databaseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^postgres(ql)?:$/.test(parsed.protocol)) {
    return `${parsed.host}${parsed.pathname}`;
  }
  throw invalid("database_url", "postgres://user:password@host:port/database");
}

async function checkNats({ nats }: ControllerConfig): Promise<void> {
  try {
    hostKeyFromSeed(nats.seed);
  } catch {
    throw invalid("nats_seed_file", "a seed of an NATS user (nkey), which begins with SU", {
      try: "controller init",
    });
  }
  const files = [
    ["nats_ca_file", nats.tls?.caFile],
    ["nats_cert_file", nats.tls?.certFile],
    ["nats_key_file", nats.tls?.keyFile],
  ] as const;
  for (const [key, path] of files) {
    if (path === undefined) continue;
    await readFile(path).catch((error: unknown) => {
      throw invalid(key, "a file that this process can read", { found: String(error) });
    });
  }
}
