import {
  type Argv,
  type FirmwareProgram,
  type FirmwareTools,
  firmwareProgram,
} from "@switchyard/model";

/** @see Mellanox/mstflint flint/ */
export const flintQuery = (tools: FirmwareTools, device: string): Argv => [
  firmwareProgram("flint", tools),
  "-d",
  device,
  "q",
  "full",
];
/** Of an image file. @see Mellanox/mstflint flint/ */
export const flintQueryImage = (tools: FirmwareTools, image: string): Argv => [
  firmwareProgram("flint", tools),
  "-i",
  image,
  "q",
];
/** @see Mellanox/mstflint mlxfwupdate/ */
export const mlxfwmanagerQuery = (
  tools: FirmwareTools,
  device: string,
  archive: string | undefined,
): Argv => [
  firmwareProgram("mlxfwmanager", tools),
  "-d",
  device,
  ...(archive === undefined ? [] : ["-i", archive]),
  "--query",
];
/** @see Mellanox/mstflint small_utils/mstfwreset.py */
export const mlxfwresetQuery = (tools: FirmwareTools, device: string): Argv => [
  firmwareProgram("mlxfwreset", tools),
  "-d",
  device,
  "query",
];
/** Prints the tool's version: tells whether it is installed. */
export const firmwareToolVersion = (program: FirmwareProgram, tools: FirmwareTools): Argv => [
  firmwareProgram(program, tools),
  "-v",
];
