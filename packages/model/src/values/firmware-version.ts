import { InvalidInputError } from "../errors/switchyard-error.ts";

/** ConnectX firmware version as devlink prints it: `22.39.1002`. */
export type FirmwareVersion = string & { readonly __firmwareVersion: true };

const GRAMMAR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,2}\.\d{1,2}|\d{1,4})$/;

/**
 * Takes both the vendor's form (`22.39.10.02`) and devlink's (`22.39.1002`), which is `%d.%d.%04d`.
 *
 * @throws InvalidInputError FIRMWARE_VERSION_MALFORMED
 */
export function parseFirmwareVersion(text: string): FirmwareVersion {
  const match = GRAMMAR.exec(text.trim());
  if (match === null) {
    throw new InvalidInputError("FIRMWARE_VERSION_MALFORMED", `"${text}" is no firmware version`, {
      found: text,
      needs: "22.39.1002 or 22.39.10.02",
    });
  }
  const [, major, minor, patch] = match as unknown as [string, string, string, string];
  const [high, low] = patch.split(".");
  const digits =
    low === undefined ? patch.padStart(4, "0") : `${high?.padStart(2, "0")}${low.padStart(2, "0")}`;
  return `${Number(major)}.${Number(minor)}.${digits}` as FirmwareVersion;
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function compareFirmware(a: FirmwareVersion, b: FirmwareVersion): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let part = 0; part < 3; part += 1) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The vendor's form, four fields: `22.39.10.02`. */
export function formatFirmware(version: FirmwareVersion): string {
  const [major, minor, patch] = version.split(".") as [string, string, string];
  return `${major}.${minor}.${patch.slice(0, 2)}.${patch.slice(2)}`;
}
