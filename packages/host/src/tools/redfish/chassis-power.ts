import { arrayOf, numberOf, recordOf, textOf } from "../json.ts";
import type { RedfishConnection } from "./connection.ts";
import { parseMemberPaths } from "./parse.ts";
import { isAbsent } from "./request.ts";

const CHASSIS_PATH = "/redfish/v1/Chassis";
/** Chassis looked at: the machine itself and its enclosures. */
const CHASSIS_MAX = 8;

/**
 * Path of the chassis's power, and so of {@link readChassisWatts}; undefined where the BMC measures none.
 *
 * @throws as `requestRedfish`
 * @see DMTF schema Chassis, Power
 */
export async function findPowerPath(connection: RedfishConnection): Promise<string | undefined> {
  const { body } = await connection.request({ method: "GET", path: CHASSIS_PATH });
  for (const path of parseMemberPaths(body).slice(0, CHASSIS_MAX)) {
    const chassis = await connection.request({ method: "GET", path });
    const power = textOf(recordOf(recordOf(chassis.body)["Power"])["@odata.id"]);
    if (power === undefined) continue;
    if ((await readChassisWatts(connection, power)) !== undefined) return power;
  }
  return undefined;
}

/**
 * Power that the whole chassis takes, in watts; iDRAC9 measures anew about every 5 to 10 seconds. Undefined where
 * the resource is gone or does not measure.
 *
 * @throws as `requestRedfish`
 * @see DMTF schema Power, PowerControl
 */
export async function readChassisWatts(
  connection: RedfishConnection,
  path: string,
): Promise<number | undefined> {
  try {
    const { body } = await connection.request({ method: "GET", path });
    const [control] = arrayOf(recordOf(body)["PowerControl"]);
    return numberOf(recordOf(control)["PowerConsumedWatts"]);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
