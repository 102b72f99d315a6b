import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";
import { ethtoolStats } from "./commands.ts";
import { parseEthtoolStats } from "./parse.ts";

/**
 * Driver counters of a netdev by name.
 *
 * @throws CommandError COMMAND_FAILED (no such netdev, or a driver without any), COMMAND_NOT_STARTED
 */
export async function readEthtoolStats(
  host: Host,
  netdev: string,
): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await runChecked(host, { argv: ethtoolStats(netdev) });
  return parseEthtoolStats(stdout);
}
