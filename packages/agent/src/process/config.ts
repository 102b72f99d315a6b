import { type BmcSettings, parseBmcSettings } from "@switchyard/host";
import { type HostId, InvalidInputError, parseHostId } from "@switchyard/model";
import {
  type ConfigValues,
  type Environment,
  LOG_LEVELS,
  type LogLevel,
  readConfigValues,
} from "@switchyard/runtime";
import type { AgentIntervals } from "../agent.ts";
import { DEAD_MAN_MS, DEAD_MAN_MS_MAX, DEAD_MAN_MS_MIN } from "../management/management-path.ts";

/** How the packaged agent is told what to do. */
export interface AgentConfig {
  readonly host: HostId;
  /** Ledger, key and identity. */
  readonly dataFolder: string;
  /** `host:port` of the controller, for enrolling and for telling the management path. */
  readonly controllerAddress: string | undefined;
  readonly enrollmentTokenFile: string | undefined;
  /** Take precedence over those named at enrolment. */
  readonly natsServers: readonly string[] | undefined;
  readonly caFile: string | undefined;
  readonly logLevel: LogLevel;
  /** Where `/metrics` and `/healthz` are served in plain HTTP; undefined for nowhere. */
  readonly httpListen: string | undefined;
  readonly hostKind: "real" | "lab";
  readonly intervals: Partial<AgentIntervals>;
  /** How long a guarded step may leave the bus without an answer. */
  readonly deadManMs: number;
  /** Instead of /etc/switchyard/bmc.json. */
  readonly bmc: BmcSettings | undefined;
}

export const CONFIG_PATH = "/etc/switchyard/agent.yaml";
const DATA_FOLDER = "/var/lib/switchyard/agent";

export const KEYS = [
  "host",
  "data_folder",
  "controller_address",
  "enrollment_token_file",
  "nats_servers",
  "ca_file",
  "log_level",
  "http_listen",
  "host_kind",
  "bmc_address",
  "bmc_user",
  "bmc_password_file",
  "bmc_public_key",
  "bmc_ca_file",
  "heartbeat_interval_ms",
  "inventory_interval_ms",
  "telemetry_interval_ms",
  "sample_interval_ms",
  "dead_man_ms",
] as const;
type Key = (typeof KEYS)[number];
type Values = ConfigValues<Key>;

/**
 * Reads the configuration file, then `SY_…` variables (`SY_DATA_FOLDER` for `data_folder`), which win. The
 * file is `SY_CONFIG` or /etc/switchyard/agent.yaml, and may be absent.
 *
 * @throws InvalidInputError FIELD_INVALID, NAME_MALFORMED, BMC_SETTINGS_INVALID; HostError
 *   BMC_SETTINGS_INVALID
 */
export async function loadConfig(environment: Environment): Promise<AgentConfig> {
  return parseConfig(
    await readConfigValues({ environment, defaultPath: CONFIG_PATH, keys: KEYS, invalid }),
  );
}

function parseConfig(values: Values): AgentConfig {
  const text = (key: Key): string | undefined => {
    const value = values[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    throw invalid(key, "text");
  };
  const host = text("host");
  if (host === undefined) throw invalid("host", "this host's name");
  return {
    host: parseHostId(host),
    dataFolder: text("data_folder") ?? DATA_FOLDER,
    controllerAddress: text("controller_address"),
    enrollmentTokenFile: text("enrollment_token_file"),
    natsServers: parseServers(values.nats_servers),
    caFile: text("ca_file"),
    logLevel: oneOf("log_level", text("log_level") ?? "info", LOG_LEVELS),
    httpListen: parseHttpListen(text("http_listen")),
    hostKind: oneOf("host_kind", text("host_kind") ?? "real", ["real", "lab"] as const),
    intervals: parseIntervals(values),
    deadManMs: parseDeadMan(values.dead_man_ms),
    bmc: parseBmc(values),
  };
}

/** Only a BMC that proves to be the right one can be named here. */
function parseBmc(values: Values): BmcSettings | undefined {
  const keys = {
    address: values.bmc_address,
    user: values.bmc_user,
    passwordFile: values.bmc_password_file,
    publicKey: values.bmc_public_key,
    caFile: values.bmc_ca_file,
  };
  const given = Object.entries(keys).filter(([, value]) => value !== undefined && value !== null);
  if (given.length === 0) return undefined;
  return parseBmcSettings(Object.fromEntries(given), "the agent's configuration");
}

/** Whoever reaches the address can read what is there, hence loopback. */
const HTTP_LISTEN = "127.0.0.1:7481";
/** Value of `http_listen` that serves nothing. */
const OFF = "off";

const parseHttpListen = (text: string | undefined): string | undefined =>
  text === OFF ? undefined : (text ?? HTTP_LISTEN);

function oneOf<Word extends string>(key: Key, word: string, words: readonly Word[]): Word {
  const found = words.find((each) => each === word);
  if (found === undefined) throw invalid(key, `one of ${words.join(", ")}`);
  return found;
}

/** A list in the file, or words between commas in the environment. */
function parseServers(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const list: unknown = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list) || !list.every((each) => typeof each === "string")) {
    throw invalid("nats_servers", "a list of addresses");
  }
  return list.map((each) => each.trim());
}

/** An interval below this would keep the host busy with being looked at. */
const INTERVAL_MS_MIN = 100;

/** As often as the fastest sources of telemetry are worth a look. */
const SAMPLE_MS = 1_000;

function parseIntervals(values: Values): Partial<AgentIntervals> {
  const read = (key: Key) => {
    const value = values[key];
    if (value === undefined || value === null) return undefined;
    const ms = Number(value);
    if (Number.isFinite(ms) && ms >= INTERVAL_MS_MIN) return ms;
    throw invalid(key, `milliseconds, ${INTERVAL_MS_MIN} or more`);
  };
  const heartbeatMs = read("heartbeat_interval_ms");
  const inventoryMs = read("inventory_interval_ms");
  const telemetryMs = read("telemetry_interval_ms");
  const sampleMs = read("sample_interval_ms") ?? Math.min(SAMPLE_MS, telemetryMs ?? SAMPLE_MS);
  return {
    sampleMs,
    ...(heartbeatMs !== undefined && { heartbeatMs }),
    ...(inventoryMs !== undefined && { inventoryMs }),
    ...(telemetryMs !== undefined && { telemetryMs }),
  };
}

/** Shorter, and a broker that is started anew would be taken for a lost path. */
function parseDeadMan(value: unknown): number {
  if (value === undefined || value === null) return DEAD_MAN_MS;
  const ms = Number(value);
  if (ms >= DEAD_MAN_MS_MIN && ms <= DEAD_MAN_MS_MAX) return ms;
  throw invalid("dead_man_ms", `milliseconds, ${DEAD_MAN_MS_MIN} to ${DEAD_MAN_MS_MAX}`);
}

/** The error for a place in the configuration. */
export const invalid = (field: string, needs: string): InvalidInputError =>
  new InvalidInputError("FIELD_INVALID", `the agent's configuration is wrong at "${field}"`, {
    found: field,
    needs,
  });
