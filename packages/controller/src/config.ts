import { readFile } from "node:fs/promises";
import { loadOrCreateSigningKey, type SigningKey, type TlsFiles } from "@switchyard/bus";
import { InvalidInputError } from "@switchyard/model";
import {
  type ConfigValues,
  createLogger,
  type Environment,
  type LevelledLogger,
  LOG_LEVELS,
  type LogLevel,
  type Random,
  readConfigValues,
} from "@switchyard/runtime";
import { parse } from "yaml";
import type { ApiToken } from "./api/interceptors/authentication.ts";
import { isRole } from "./api/interceptors/role.ts";
import type { ControllerConfig, NatsConfig } from "./controller-config.ts";
import { RETENTION_KEYS, readRetention } from "./telemetry/retention.ts";

const CONFIG_PATH = "/etc/switchyard/controller.yaml";
const DATA_FOLDER = "/var/lib/switchyard/controller";
const LISTEN = "127.0.0.1:7443";
const HTTP_LISTEN = "127.0.0.1:7480";
/** Value of `http_listen` that serves neither metrics nor probes. */
const OFF = "off";

/** Shortest cluster key: 256 bits as hex are 64 characters. */
const CLUSTER_KEY_LENGTH_MIN = 32;

/** Keys of the file; each has an environment variable, `SY_DATABASE_URL` for `database_url`, that wins. */
export const KEYS = [
  "listen",
  "http_listen",
  "metrics_samples",
  "tls_cert_file",
  "tls_key_file",
  "tls_ca_file",
  "insecure_loopback",
  "tokens_file",
  "cluster_key_file",
  "database_url",
  "nats_servers",
  "nats_agent_servers",
  "nats_seed_file",
  "nats_ca_file",
  "nats_cert_file",
  "nats_key_file",
  "nats_users_file",
  "nats_pid_file",
  "nats_other_controllers",
  "data_folder",
  ...RETENTION_KEYS,
  "log_level",
] as const;
type Key = (typeof KEYS)[number];
type Values = ConfigValues<Key>;

export const invalid = (
  key: string,
  needs: string,
  facts: Readonly<Record<string, string>> = {},
): InvalidInputError =>
  new InvalidInputError("CONFIG_INVALID", `the controller's configuration is wrong at "${key}"`, {
    subject: key,
    needs,
    ...facts,
  });

/** Typed access to the values, each once. */
function createReader(values: Values) {
  const text = (key: Key): string | undefined => {
    const value = values[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    throw invalid(key, "text");
  };
  return {
    text,
    required: (key: Key): string => {
      const value = text(key);
      if (value === undefined) throw invalid(key, "a value");
      return value;
    },
    /** A list in the file, or words between commas in the environment. */
    list: (key: Key): readonly string[] | undefined => {
      const value = values[key];
      if (value === undefined || value === null) return undefined;
      const list: unknown = typeof value === "string" ? value.split(",") : value;
      if (Array.isArray(list) && list.every((each) => typeof each === "string")) {
        return list.map((each) => each.trim());
      }
      throw invalid(key, "a list of texts");
    },
    number: (key: Key, range: { readonly min: number; readonly max: number }) => {
      const value = values[key];
      if (value === undefined || value === null) return undefined;
      const number = Number(value);
      if (Number.isInteger(number) && number >= range.min && number <= range.max) return number;
      throw invalid(key, `a whole number from ${range.min} to ${range.max}`);
    },
    flag: (key: Key, fallback = false): boolean => {
      const value = values[key] ?? fallback;
      if (value === true || value === "true" || value === "1") return true;
      if (value === false || value === "false" || value === "0") return false;
      throw invalid(key, "true or false");
    },
    /** What the file that the key names holds; undefined where the key is not set. */
    file: async (key: Key): Promise<string | undefined> => {
      const path = text(key);
      if (path === undefined) return undefined;
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        const found = error instanceof Error ? error.message : String(error);
        throw invalid(key, "a file that this process can read", { found, try: `ls -l ${path}` });
      }
    },
  };
}

type Reader = ReturnType<typeof createReader>;

function isToken(entry: unknown): entry is ApiToken {
  if (typeof entry !== "object" || entry === null) return false;
  const { name, role, sha256 } = entry as Readonly<Record<string, unknown>>;
  return (
    typeof name === "string" &&
    typeof role === "string" &&
    isRole(role) &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}

async function readTokens(reader: Reader): Promise<readonly ApiToken[]> {
  const text = await reader.file("tokens_file");
  if (text === undefined) return [];
  const entries: unknown = parse(text) ?? [];
  if (Array.isArray(entries) && entries.every(isToken)) return entries;
  throw invalid("tokens_file", "a list of name, role (viewer, operator, admin) and sha256 (hex)");
}

function readListen(reader: Reader): ControllerConfig["listen"] {
  const certFile = reader.text("tls_cert_file");
  const keyFile = reader.text("tls_key_file");
  const caFile = reader.text("tls_ca_file");
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw invalid("tls_key_file", "both tls_cert_file and tls_key_file, or neither");
  }
  return {
    address: reader.text("listen") ?? LISTEN,
    tls:
      certFile === undefined || keyFile === undefined
        ? undefined
        : { certFile, keyFile, ...(caFile === undefined ? {} : { caFile }) },
    insecureLoopback: reader.flag("insecure_loopback"),
  };
}

function readGateway(reader: Reader): Pick<ControllerConfig, "gateway"> {
  const address = reader.text("http_listen") ?? HTTP_LISTEN;
  if (address === OFF) return {};
  return { gateway: { address, hasSamples: reader.flag("metrics_samples", true) } };
}

function readUsersFile(reader: Reader): Pick<NatsConfig, "usersFile"> {
  const path = reader.text("nats_users_file");
  if (path === undefined) return {};
  const pidFile = reader.text("nats_pid_file");
  return {
    usersFile: {
      path,
      ...(pidFile === undefined ? {} : { pidFile }),
      otherControllers: reader.list("nats_other_controllers") ?? [],
    },
  };
}

function readNatsTls(reader: Reader): { readonly tls?: TlsFiles } {
  const caFile = reader.text("nats_ca_file");
  if (caFile === undefined) return {};
  const certFile = reader.text("nats_cert_file");
  return { tls: { caFile, certFile, keyFile: reader.text("nats_key_file") } };
}

/** The signing key in the file at a path. */
type ReadSigningKey = (path: string) => Promise<SigningKey>;

async function readNats(reader: Reader, signingKeyAt: ReadSigningKey): Promise<NatsConfig> {
  const servers = reader.list("nats_servers");
  if (servers === undefined) throw invalid("nats_servers", "at least one address");
  const agentServers = reader.list("nats_agent_servers");
  const dataFolder = reader.text("data_folder") ?? DATA_FOLDER;
  const seed = await requiredFile(reader, "nats_seed_file");
  return {
    servers,
    ...(agentServers === undefined ? {} : { agentServers }),
    seed,
    signingKey: await signingKeyAt(`${dataFolder}/signing-key.pem`),
    ...readNatsTls(reader),
    ...readUsersFile(reader),
  };
}

async function requiredFile(reader: Reader, key: Key): Promise<string> {
  const text = await reader.file(key);
  if (text === undefined) throw invalid(key, "a value");
  return text.trim();
}

async function readClusterKey(reader: Reader): Promise<string> {
  const key = await requiredFile(reader, "cluster_key_file");
  if (key.length >= CLUSTER_KEY_LENGTH_MIN) return key;
  throw invalid("cluster_key_file", `a secret of ${CLUSTER_KEY_LENGTH_MIN} characters or more`);
}

/** What the process runs with; the level of its log may be changed meanwhile. */
export interface LoadedConfig extends ControllerConfig {
  readonly log: LevelledLogger;
}

/**
 * Reads the configuration file, then `SY_…` variables, which win. The file is `SY_CONFIG` or
 * /etc/switchyard/controller.yaml, and may be absent.
 *
 * @throws InvalidInputError CONFIG_INVALID
 */
export const loadConfig = (environment: Environment, random: Random): Promise<LoadedConfig> =>
  readConfig(environment, (path) => loadOrCreateSigningKey(path, random));

const openReader = async (environment: Environment): Promise<Reader> =>
  createReader(
    await readConfigValues({ environment, defaultPath: CONFIG_PATH, keys: KEYS, invalid }),
  );

function logLevelOf(reader: Reader): LogLevel {
  const level = LOG_LEVELS.find((each) => each === (reader.text("log_level") ?? "info"));
  if (level === undefined) throw invalid("log_level", `one of ${LOG_LEVELS.join(", ")}`);
  return level;
}

/** The level of the log as the configuration has it now. @throws InvalidInputError CONFIG_INVALID */
export const readLogLevel = async (environment: Environment): Promise<LogLevel> =>
  logLevelOf(await openReader(environment));

/** As {@link loadConfig}, with another way to the signing key. @throws InvalidInputError CONFIG_INVALID */
export async function readConfig(
  environment: Environment,
  signingKeyAt: ReadSigningKey,
): Promise<LoadedConfig> {
  const reader = await openReader(environment);
  const level = logLevelOf(reader);
  return {
    listen: readListen(reader),
    ...readGateway(reader),
    databaseUrl: reader.required("database_url"),
    tokens: await readTokens(reader),
    clusterKey: await readClusterKey(reader),
    nats: await readNats(reader, signingKeyAt),
    retention: readRetention(reader.number, invalid),
    log: createLogger({ name: "switchyard-controller", level }),
  };
}
