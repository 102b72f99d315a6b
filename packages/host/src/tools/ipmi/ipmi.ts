import type { Host } from "../../port/host.ts";
import { commandError, runOptional } from "../tool.ts";
import { ipmiPowerReading } from "./commands.ts";
import { isIpmiAbsent, parsePowerReading } from "./parse.ts";

/** A reading takes about 100 ms; a BMC that restarts does not answer. */
const IPMI_TIMEOUT_MS = 5_000;

/**
 * Power of the whole host by its BMC, in watts, ±1 W, new about every second; undefined where ipmitool or IPMI is
 * not there, or the BMC does not measure. Needs root.
 *
 * @throws CommandError COMMAND_FAILED (`DCMI request failed because: …`), COMMAND_TIMED_OUT
 */
export async function findIpmiWatts(host: Host): Promise<number | undefined> {
  const argv = ipmiPowerReading();
  const result = await runOptional(host, { argv, timeoutMs: IPMI_TIMEOUT_MS });
  if (result === undefined || isIpmiAbsent(result.stderr)) return undefined;
  if (result.exitCode !== 0) throw commandError(argv, result);
  return parsePowerReading(result.stdout);
}
