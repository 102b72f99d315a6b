import {
  type BmcEndpoint,
  type BmcTrust,
  HostError,
  isPublicKeyPin,
  parseBmcAddress,
} from "@switchyard/model";
import { type Host, HostFileError } from "../../port/host.ts";
import { parseJson, recordOf, textOf } from "../json.ts";
import { fileError, runChecked } from "../tool.ts";

/** Where a host says how its BMC is reached. Absent: the agent uses none. */
export const BMC_SETTINGS_PATH = "/etc/switchyard/bmc.json";

/** How the BMC is reached, without the secret itself. */
export interface BmcSettings {
  readonly endpoint: BmcEndpoint;
  readonly user: string;
  /** File on the host that holds the password and nothing else. */
  readonly passwordFile: string;
  /** One login for many requests; a request of its own for each otherwise. */
  readonly usesSession: boolean;
}

const KEYS = [
  "address",
  "user",
  "passwordFile",
  "publicKey",
  "caFile",
  "unverifiedForDevelopment",
  "session",
] as const;

/** As the file holds them; what is left out has no say. */
export type RawBmcSettings = { readonly [Key in (typeof KEYS)[number]]?: unknown };

/** @throws HostError BMC_SETTINGS_INVALID; InvalidInputError BMC_SETTINGS_INVALID (the address) */
export function parseBmcSettings(raw: RawBmcSettings, source: string): BmcSettings {
  const unknown = Object.keys(raw).find((key) => !KEYS.some((each) => each === key));
  if (unknown !== undefined) throw invalid(source, `"${unknown}"`, `only ${KEYS.join(", ")}`);
  const need = (key: "address" | "user" | "passwordFile"): string => {
    const value = textOf(raw[key]);
    if (value !== undefined && value !== "") return value;
    throw invalid(source, `no text at "${key}"`, `"${key}"`);
  };
  const user = need("user");
  if (!/^[!-9;-~]+$/.test(user)) throw invalid(source, "a user's name", "no blank and no colon");
  const passwordFile = absolute(source, "passwordFile", need("passwordFile"));
  return {
    endpoint: { address: parseBmcAddress(need("address")), trust: parseTrust(raw, source) },
    user,
    passwordFile,
    usesSession: raw.session === true,
  };
}

function parseTrust(raw: RawBmcSettings, source: string): BmcTrust {
  const pin = textOf(raw.publicKey);
  const path = textOf(raw.caFile);
  const isUnverified = raw.unverifiedForDevelopment === true;
  if ([pin !== undefined, path !== undefined, isUnverified].filter(Boolean).length !== 1) {
    throw invalid(source, "none or several", "exactly one of publicKey and caFile");
  }
  if (isUnverified) return { kind: "unverified" };
  if (path !== undefined) return { kind: "ca-file", path: absolute(source, "caFile", path) };
  if (pin !== undefined && isPublicKeyPin(pin)) return { kind: "public-key", pin };
  throw invalid(source, `publicKey "${pin}"`, "sha256//BASE64 of the BMC's public key");
}

function absolute(source: string, key: string, path: string): string {
  if (path.startsWith("/")) return path;
  throw invalid(source, `${key} "${path}"`, "a path from the root on");
}

const invalid = (source: string, found: string, needs: string): HostError =>
  new HostError("BMC_SETTINGS_INVALID", `the settings of the BMC in ${source} can't be used`, {
    path: source,
    found,
    needs,
  });

/** Bits of a mode that let others than the owner in. */
const OTHERS = 0o077;

/**
 * Text of a file that nobody but its owner can read or write; undefined when it is absent.
 *
 * @throws HostError BMC_FILE_EXPOSED, FILE_ACCESS_FAILED; CommandError
 */
export async function readPrivateFile(host: Host, path: string): Promise<string | undefined> {
  if (!(await host.exists(path))) return undefined;
  const { stdout } = await runChecked(host, { argv: ["stat", "-L", "-c", "%a", "--", path] });
  const mode = Number.parseInt(stdout.trim(), 8);
  if (!((mode & OTHERS) === 0)) {
    throw new HostError("BMC_FILE_EXPOSED", `others than its owner can get at ${path}`, {
      path,
      found: `mode ${stdout.trim()}`,
      needs: "mode 600",
      try: `chmod 600 ${path}`,
    });
  }
  try {
    return await host.readFile(path);
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    throw fileError(error, "FILE_ACCESS_FAILED", `${path} could not be read`);
  }
}

/**
 * The settings the host keeps of its BMC; undefined when it has none.
 *
 * @throws HostError BMC_SETTINGS_INVALID, BMC_FILE_EXPOSED, FILE_ACCESS_FAILED
 */
export const readBmcSettings = (host: Host): Promise<BmcSettings | undefined> =>
  readSettingsFile(host, BMC_SETTINGS_PATH);

/** Where a host says how the BMC of another host is reached, which it may have to switch off. */
export const bmcSettingsPathOf = (other: string): string => `/etc/switchyard/bmc-of/${other}.json`;

/**
 * As {@link readBmcSettings}, of another host's BMC.
 *
 * @throws HostError BMC_SETTINGS_INVALID, BMC_FILE_EXPOSED, FILE_ACCESS_FAILED
 */
export const readBmcSettingsOf = (host: Host, other: string): Promise<BmcSettings | undefined> =>
  readSettingsFile(host, bmcSettingsPathOf(other));

async function readSettingsFile(host: Host, path: string): Promise<BmcSettings | undefined> {
  const text = await readPrivateFile(host, path);
  if (text === undefined) return undefined;
  return parseBmcSettings(recordOf(parseSettingsJson(text, path)), path);
}

function parseSettingsJson(text: string, path: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // The text is left out: it may hold what does not belong there.
    throw invalid(path, "no JSON", "an object; docs/bmc.md shows one");
  }
}
