import {
  type Argv,
  CommandError,
  type FirmwareTools,
  flintBurn,
  type HostError,
  mlxfwmanagerUpdate,
  mlxfwresetReset,
  type Reason,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { hostError } from "../tool.ts";
import {
  firmwareToolVersion,
  flintQuery,
  flintQueryImage,
  mlxfwmanagerQuery,
  mlxfwresetQuery,
} from "./commands.ts";
import {
  type FlintAnswer,
  type ManagedDevice,
  parseFlintQuery,
  parseMlxfwmanagerQuery,
  parseResetLevels,
  type ResetLevel,
} from "./parse.ts";

/** Reading a card's flash through its configuration space. */
const QUERY_TIMEOUT_MS = 60_000;
/** Burning takes minutes; a burn that is cut off may leave the card on its old image only by luck. */
export const BURN_TIMEOUT_MS = 1_800_000;

/**
 * Whose firmware tools are on the host: NVIDIA's own are preferred, as they come with the driver and know its
 * cards; undefined when there are none.
 */
export async function findFirmwareTools(host: Host): Promise<FirmwareTools | undefined> {
  for (const tools of ["mft", "mstflint"] as const) {
    try {
      await host.run({ argv: firmwareToolVersion("mlxconfig", tools) });
      return tools;
    } catch (error) {
      if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") continue;
      throw error;
    }
  }
  return undefined;
}

/** The tools tell their troubles in words only; exit statuses differ between releases. */
export function reasonOfFirmwareText(text: string, otherwise: Reason): Reason {
  if (/semaphore/i.test(text)) return "FIRMWARE_BUSY";
  if (/PSID is unsupported under Secure FW|secure[- ]fw|not signed/i.test(text)) {
    return "FIRMWARE_SECURE_CONFLICT";
  }
  if (/PSID mismatch|image PSID|Changing PSID/i.test(text)) return "PSID_MISMATCH";
  if (/Cannot open Device|No devices found|Failed to open device/i.test(text)) {
    return "DEVICE_ABSENT";
  }
  return otherwise;
}

/** Lines in which the tools complain, on whichever stream. */
export const complaintOf = ({ stdout, stderr }: CommandResult): string =>
  `${stderr}\n${stdout}`
    .split("\n")
    .filter((line) => /^\s*-[EW]-|Fail/.test(line))
    .map((line) => line.trim())
    .join("; ");

function refusal(options: {
  readonly argv: Argv;
  readonly result: CommandResult;
  readonly otherwise: Reason;
  readonly message: string;
}): HostError {
  const { argv, result, otherwise, message } = options;
  const found = complaintOf(result) || `exit status ${result.exitCode}`;
  const reason = reasonOfFirmwareText(`${result.stdout}\n${result.stderr}`, otherwise);
  return hostError({ reason, message, argv, result, metadata: { found } });
}

async function query(host: Host, argv: Argv, what: string): Promise<string> {
  const result = await host.run({ argv, timeoutMs: QUERY_TIMEOUT_MS });
  if (result.exitCode === 0) return result.stdout;
  throw refusal({
    argv,
    result,
    otherwise: "COMMAND_FAILED",
    message: `${what} could not be read`,
  });
}

/**
 * PSID, versions and security of a card.
 *
 * @param device PCI address
 * @throws HostError DEVICE_ABSENT, FIRMWARE_BUSY (another tool holds the flash), COMMAND_FAILED
 */
export const readFlint = async (
  host: Host,
  tools: FirmwareTools,
  device: string,
): Promise<FlintAnswer> =>
  parseFlintQuery(await query(host, flintQuery(tools, device), `flash of ${device}`));

/** PSID and version of an image file. @throws HostError FIRMWARE_IMAGE_UNSUITABLE (it is no image) */
export async function readImage(
  host: Host,
  tools: FirmwareTools,
  image: string,
): Promise<FlintAnswer> {
  const argv = flintQueryImage(tools, image);
  const result = await host.run({ argv, timeoutMs: QUERY_TIMEOUT_MS });
  if (result.exitCode === 0) return parseFlintQuery(result.stdout);
  const message = `${image} is no firmware image`;
  throw refusal({ argv, result, otherwise: "FIRMWARE_IMAGE_UNSUITABLE", message });
}

/**
 * A card as mlxfwmanager sees it, with what an archive holds for it. `No matching image found` is an answer
 * and no failure.
 *
 * @param archive undefined: only what the card has
 * @throws HostError DEVICE_ABSENT, FIRMWARE_BUSY, FIRMWARE_IMAGE_UNSUITABLE (the archive can't be read)
 */
export async function readManagedDevice(
  host: Host,
  tools: FirmwareTools,
  options: { readonly device: string; readonly archive?: string },
): Promise<ManagedDevice> {
  const { device, archive } = options;
  const argv = mlxfwmanagerQuery(tools, device, archive);
  const result = await host.run({ argv, timeoutMs: QUERY_TIMEOUT_MS });
  const found = parseMlxfwmanagerQuery(result.stdout).find(({ pciName }) => pciName === device);
  if (result.exitCode === 0 && found !== undefined) return found;
  const otherwise = archive === undefined ? "DEVICE_ABSENT" : "FIRMWARE_IMAGE_UNSUITABLE";
  throw refusal({ argv, result, otherwise, message: `firmware of ${device} could not be read` });
}

/** How stored firmware can be made to run. @throws HostError DEVICE_ABSENT, COMMAND_FAILED */
export const readResetLevels = async (
  host: Host,
  tools: FirmwareTools,
  device: string,
): Promise<readonly ResetLevel[]> =>
  parseResetLevels(await query(host, mlxfwresetQuery(tools, device), `reset levels of ${device}`));

/**
 * Burns an image; it runs after the next activation. Never cut off by a cancelled job. The caller has compared
 * PSIDs; flint does so once more.
 *
 * @throws HostError FIRMWARE_BUSY, PSID_MISMATCH, FIRMWARE_SECURE_CONFLICT, DEVICE_ABSENT,
 *   FIRMWARE_UPDATE_FAILED; CommandError COMMAND_TIMED_OUT (outcome unknown)
 */
export async function burnImage(
  host: Host,
  tools: FirmwareTools,
  options: { readonly device: string; readonly image: string },
): Promise<void> {
  await burn(host, flintBurn({ tools, ...options }), options.device);
}

/**
 * Burns the image that an archive holds for the card's PSID. Otherwise as `burnImage`.
 *
 * @throws HostError as `burnImage`
 */
export async function updateFromArchive(
  host: Host,
  tools: FirmwareTools,
  options: { readonly device: string; readonly archive: string; readonly isForced: boolean },
): Promise<void> {
  await burn(host, mlxfwmanagerUpdate({ tools, ...options }), options.device);
}

/** Unbinding and binding the driver on both ports takes a minute; the tool waits for firmware besides. */
const RESET_TIMEOUT_MS = 600_000;

/**
 * Resets a card without a boot: its driver and PCI link start anew on both ports. VFs must be gone before.
 *
 * @throws HostError FIRMWARE_RESET_FAILED, FIRMWARE_BUSY, DEVICE_ABSENT; CommandError COMMAND_TIMED_OUT
 *   (outcome unknown)
 */
export async function resetCard(host: Host, tools: FirmwareTools, device: string): Promise<void> {
  const argv = mlxfwresetReset(tools, device);
  const result = await host.run({ argv, timeoutMs: RESET_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `the card at ${device} could not be reset`;
  throw refusal({ argv, result, otherwise: "FIRMWARE_RESET_FAILED", message });
}

async function burn(host: Host, argv: Argv, device: string): Promise<void> {
  const result = await host.run({ argv, timeoutMs: BURN_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `firmware of ${device} could not be burned`;
  throw refusal({ argv, result, otherwise: "FIRMWARE_UPDATE_FAILED", message });
}
