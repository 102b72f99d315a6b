import { type FirmwareTools, PCI_RESET_LEVEL } from "../inventory/firmware.ts";
import type { Argv } from "./argv.ts";

/*
 * Argument vectors that change a card's flash. The device is always a PCI address: it needs no `mst start`.
 */

/** The same programs under the names of either distribution. */
const PROGRAMS = {
  flint: { mft: "flint", mstflint: "mstflint" },
  mlxconfig: { mft: "mlxconfig", mstflint: "mstconfig" },
  mlxfwmanager: { mft: "mlxfwmanager", mstflint: "mstfwmanager" },
  mlxfwreset: { mft: "mlxfwreset", mstflint: "mstfwreset" },
} as const;

export type FirmwareProgram = keyof typeof PROGRAMS;

export const firmwareProgram = (program: FirmwareProgram, tools: FirmwareTools): string =>
  PROGRAMS[program][tools];

/** @see chmod(1) */
export const makeExecutable = (path: string): Argv => ["chmod", "0700", path];

/**
 * Runs a Dell update package without questions. Never with `-r`: reboots are steps of their own.
 *
 * @param isForced takes an image that is not newer than what is stored
 * @see Dell Update Packages User's Guide, CLI options for Linux
 */
export const runDellPackage = (path: string, isForced: boolean): Argv =>
  isForced ? [path, "-q", "-f"] : [path, "-q"];

/** @see Mellanox/mstflint flint/ */
export const flintBurn = (options: {
  readonly tools: FirmwareTools;
  readonly device: string;
  readonly image: string;
}): Argv => [
  firmwareProgram("flint", options.tools),
  "-d",
  options.device,
  "-i",
  options.image,
  "-y",
  "burn",
];

/** @see Mellanox/mstflint mlxfwupdate/ */
export const mlxfwmanagerUpdate = (options: {
  readonly tools: FirmwareTools;
  readonly device: string;
  readonly archive: string;
  readonly isForced: boolean;
}): Argv => [
  firmwareProgram("mlxfwmanager", options.tools),
  "-d",
  options.device,
  "-i",
  options.archive,
  "--no-progress",
  "-y",
  ...(options.isForced ? ["-f"] : []),
  "-u",
];

/**
 * Resets a card, both of its ports, without a boot.
 *
 * @see Mellanox/mstflint small_utils/mstfwreset.py
 */
export const mlxfwresetReset = (tools: FirmwareTools, device: string): Argv => [
  firmwareProgram("mlxfwreset", tools),
  "-d",
  device,
  "-l",
  String(PCI_RESET_LEVEL),
  "-y",
  "reset",
];

/**
 * Sets parameters for the next boot, in the order of their names. One that the card does not know fails the
 * whole call.
 *
 * @see Mellanox/mstflint mlxconfig/
 */
export const mlxconfigSet = (options: {
  readonly tools: FirmwareTools;
  readonly device: string;
  readonly values: Readonly<Record<string, string>>;
}): Argv => [
  firmwareProgram("mlxconfig", options.tools),
  "-d",
  options.device,
  "-y",
  "set",
  ...Object.entries(options.values)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`),
];
