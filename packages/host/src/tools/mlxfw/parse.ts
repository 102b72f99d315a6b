import {
  type FirmwareVersion,
  type Psid,
  parseFirmwareVersion,
  parsePsid,
} from "@switchyard/model";

/** What flint says of a card or of an image file. */
export interface FlintAnswer {
  readonly psid: Psid | undefined;
  /** Present when another PSID was burned over the board's own. */
  readonly originalPsid: Psid | undefined;
  /** In flash, or in the file. */
  readonly version: FirmwareVersion | undefined;
  /** Differs from `version` only while an activation is due. */
  readonly running: FirmwareVersion | undefined;
  /** Undefined where the answer has no security block. */
  readonly isSecure: boolean | undefined;
}

/** Keys and values of `Key:   value` lines; lines that are indented belong to the key before. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^(\S[^:]*):\s+(\S.*)$/.exec(line.trimEnd());
    if (match !== null) fields.set(match[1] ?? "", match[2] ?? "");
  }
  return fields;
}

const versionOf = (text: string | undefined): FirmwareVersion | undefined =>
  text === undefined || text === "N/A" ? undefined : parseFirmwareVersion(text);

const psidOf = (text: string | undefined): Psid | undefined =>
  text === undefined || text === "N/A" ? undefined : parsePsid(text);

/**
 * Reads `flint q` and `flint q full`.
 *
 * @throws InvalidInputError PSID_MALFORMED, FIRMWARE_VERSION_MALFORMED
 * @see Mellanox/mstflint flint/subcommands.cpp
 */
export function parseFlintQuery(text: string): FlintAnswer {
  const fields = fieldsOf(text);
  const version = versionOf(fields.get("FW Version"));
  return {
    psid: psidOf(fields.get("PSID")),
    originalPsid: psidOf(fields.get("Orig PSID")),
    version,
    running: versionOf(fields.get("FW Version(Running)")) ?? version,
    isSecure: fields
      .get("Security Attributes")
      ?.split(/[\s,]+/)
      .includes("secure-fw"),
  };
}

/** One card as mlxfwmanager lists it. */
export interface ManagedDevice {
  /** `0000:82:00.0`. */
  readonly pciName: string;
  readonly psid: Psid | undefined;
  /** In flash. */
  readonly stored: FirmwareVersion | undefined;
  readonly running: FirmwareVersion | undefined;
  /** In the archive, for this PSID; undefined when it holds none. */
  readonly available: FirmwareVersion | undefined;
  /** `Up to date`, `No matching image found` … */
  readonly status: string;
}

const DEVICE_HEAD = /^Device #\d+:$/m;

function deviceOf(text: string): ManagedDevice {
  const field = (name: string) => new RegExp(`^ +${name}: +(\\S.*?) *$`, "m").exec(text)?.[1];
  const version = (name: string) => {
    const match = new RegExp(`^ +${name} {2,}(\\S+) +(\\S+) *$`, "m").exec(text);
    return { current: versionOf(match?.[1]), available: versionOf(match?.[2]) };
  };
  const stored = version("FW");
  return {
    pciName: field("PCI Device Name") ?? "",
    psid: psidOf(field("PSID")),
    stored: stored.current,
    running: version("FW \\(Running\\)").current ?? stored.current,
    available: stored.available,
    status: field("Status") ?? "",
  };
}

/**
 * Reads the text of `mlxfwmanager --query`. Its XML does not work together with `-d`, and without it the
 * tool opens every card of the host.
 *
 * @throws InvalidInputError PSID_MALFORMED, FIRMWARE_VERSION_MALFORMED
 * @see Mellanox/mstflint mlxfwupdate/
 */
export const parseMlxfwmanagerQuery = (text: string): readonly ManagedDevice[] =>
  text.split(DEVICE_HEAD).slice(1).map(deviceOf);

/** One way to activate stored firmware: 0 live patch, 3 PCI reset, 4 warm reboot, 5 cold reboot. */
export interface ResetLevel {
  readonly level: number;
  readonly isSupported: boolean;
  readonly isDefault: boolean;
}

/** Reads the levels of `mlxfwreset query`; the reset types below them are left out. */
export function parseResetLevels(text: string): readonly ResetLevel[] {
  const levels = /Reset-levels:\n([\s\S]*?)(?:\n\s*\n|$)/.exec(text)?.[1] ?? "";
  return [...levels.matchAll(/^(\d): .*-\s*(Yes|No|Supported|Not Supported)\b(.*)$/gm)].map(
    ([, level, answer, rest]) => ({
      level: Number(level),
      isSupported: answer === "Yes" || answer === "Supported",
      isDefault: rest?.includes("(default)") ?? false,
    }),
  );
}
