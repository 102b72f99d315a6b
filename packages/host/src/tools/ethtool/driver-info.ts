import type { Argv } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";

/** What a netdev's driver says of the card below it. */
export interface NetdevFirmware {
  /** As the driver spells it: `22.39.1002`. */
  readonly version: string;
  /** Undefined where the driver does not name it. */
  readonly psid: string | undefined;
}

/** @see ethtool(8) */
const ethtoolDriver = (netdev: string): Argv => ["ethtool", "-i", netdev];

/** @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/en_ethtool.c: `%d.%d.%04d (%.16s)` */
export function parseNetdevFirmware(text: string): NetdevFirmware | undefined {
  const match = /^firmware-version: (\S+)(?: \((\S+)\))?/m.exec(text);
  return match?.[1] === undefined ? undefined : { version: match[1], psid: match[2] };
}

/** @throws CommandError COMMAND_FAILED (no such netdev), COMMAND_NOT_STARTED */
export async function findNetdevFirmware(
  host: Host,
  netdev: string,
): Promise<NetdevFirmware | undefined> {
  const { stdout } = await runChecked(host, { argv: ethtoolDriver(netdev) });
  return parseNetdevFirmware(stdout);
}
