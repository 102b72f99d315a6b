import {
  CommandError,
  type FirmwareParameter,
  type FirmwareTools,
  mlxconfigSet,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { complaintOf, reasonOfFirmwareText } from "../mlxfw/mlxfw.ts";
import { failureMetadata, hostError } from "../tool.ts";
import { mlxconfigQuery } from "./commands.ts";
import { parseMlxconfigQuery } from "./parse.ts";

/** The tool asks the card for one parameter after the other. */
const TIMEOUT_MS = 120_000;

/**
 * All parameters that a PF's firmware knows, with default, current and next value.
 *
 * @param device PCI address
 * @throws HostError DEVICE_ABSENT, FIRMWARE_BUSY, FIRMWARE_CONFIG_UNSUPPORTED (the card has no such
 *   configuration at all); CommandError COMMAND_FAILED, COMMAND_OUTPUT_UNREADABLE
 */
export async function readFirmwareConfig(
  host: Host,
  tools: FirmwareTools,
  device: string,
): Promise<readonly FirmwareParameter[]> {
  const argv = mlxconfigQuery(tools, device);
  const result = await host.run({ argv, timeoutMs: TIMEOUT_MS });
  const text = `${result.stdout}\n${result.stderr}`;
  if (result.exitCode !== 0) {
    const isWhole = /doesn't support any configuration/.test(text);
    const otherwise = isWhole ? "FIRMWARE_CONFIG_UNSUPPORTED" : "COMMAND_FAILED";
    throw hostError({
      reason: reasonOfFirmwareText(text, otherwise),
      message: `configuration of ${device} could not be read`,
      argv,
      result,
      metadata: { found: complaintOf(result) },
    });
  }
  const parameters = parseMlxconfigQuery(result.stdout);
  if (parameters.length > 0) return parameters;
  throw new CommandError(
    "COMMAND_OUTPUT_UNREADABLE",
    `${argv[0]} listed no parameter of ${device}`,
    failureMetadata(argv, result),
  );
}

const UNSUPPORTED = /Unknown Parameter|doesn't support .* parameter|read[- ]only/i;

/**
 * Sets parameters for the next boot. All or none: one that the card does not know fails the whole call.
 *
 * @throws HostError FIRMWARE_CONFIG_UNSUPPORTED (a name the card does not know, named in `found`),
 *   FIRMWARE_CONFIG_REFUSED, FIRMWARE_BUSY, DEVICE_ABSENT; CommandError COMMAND_TIMED_OUT
 */
export async function setFirmwareConfig(
  host: Host,
  tools: FirmwareTools,
  options: { readonly device: string; readonly values: Readonly<Record<string, string>> },
): Promise<void> {
  const argv = mlxconfigSet({ tools, ...options });
  const result = await host.run({ argv, timeoutMs: TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const text = `${result.stdout}\n${result.stderr}`;
  const otherwise = UNSUPPORTED.test(text)
    ? "FIRMWARE_CONFIG_UNSUPPORTED"
    : "FIRMWARE_CONFIG_REFUSED";
  throw hostError({
    reason: reasonOfFirmwareText(text, otherwise),
    message: `${options.device} did not take its configuration`,
    argv,
    result,
    metadata: { found: complaintOf(result) },
  });
}
