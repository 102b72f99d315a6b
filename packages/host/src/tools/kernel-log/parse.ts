import { type FirmwareVersion, type PciAddress, parseFirmwareVersion } from "@switchyard/model";

/**
 * Firmware that mlx5_core found on a PF when it last loaded; undefined when the log does not (or no longer)
 * say.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/main.c, `firmware version: %d.%d.%d`
 */
export function parseLoggedFirmware(text: string, pf: PciAddress): FirmwareVersion | undefined {
  const pattern = new RegExp(`mlx5_core ${pf}: firmware version: (\\d+\\.\\d+\\.\\d+)`, "g");
  const version = [...text.matchAll(pattern)].at(-1)?.[1];
  return version === undefined ? undefined : parseFirmwareVersion(version);
}
