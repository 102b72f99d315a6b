import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";
import { ethtoolFeatures, ethtoolStats } from "./commands.ts";
import { parseEthtoolFeatures, parseEthtoolStats } from "./parse.ts";

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

/**
 * Features of a netdev by name, on or off; a `[fixed]` one as well.
 *
 * @throws CommandError COMMAND_FAILED (no such netdev), COMMAND_NOT_STARTED
 */
export async function readEthtoolFeatures(
  host: Host,
  netdev: string,
): Promise<ReadonlyMap<string, boolean>> {
  const { stdout } = await runChecked(host, { argv: ethtoolFeatures(netdev) });
  return parseEthtoolFeatures(stdout);
}
