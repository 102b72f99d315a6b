import type { Host } from "../../port/host.ts";
import { numberOf, recordOf, textOf } from "../json.ts";
import { findDiagnosis } from "./diagnose.ts";

/** What the card's firmware says of itself. */
export interface FirmwareState {
  /** 0 while all is well. */
  readonly syndrome: number;
  /** Of a syndrome that the driver knows: `unrecoverable hardware error`. */
  readonly description: string | undefined;
}

/**
 * Read from the card's health buffer, so that it is current; undefined where there is no such reporter. Drivers of 6.7
 * and 6.8 print nothing while all is well.
 *
 * @param handle `pci/0000:82:00.0`
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED, COMMAND_OUTPUT_UNREADABLE
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/health.c, mlx5_fw_reporter_diagnose, hsynd_str
 */
export async function findFirmwareState(
  host: Host,
  handle: string,
): Promise<FirmwareState | undefined> {
  const diagnosis = await findDiagnosis(host, handle, "fw");
  if (diagnosis === undefined) return undefined;
  const answer = recordOf(diagnosis);
  const syndrome = Object.keys(answer).length === 0 ? 0 : numberOf(answer["Syndrome"]);
  if (syndrome === undefined) return undefined;
  return { syndrome, description: textOf(answer["Description"]) };
}
