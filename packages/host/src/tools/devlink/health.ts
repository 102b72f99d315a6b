import type { Host } from "../../port/host.ts";
import { arrayOf, entriesOf, numberOf, recordOf, textOf } from "../json.ts";
import { runFamilyJson } from "../tool.ts";
import { devlinkHealthShow } from "./commands.ts";

/** One of devlink's watchers over a device or over one of its ports. */
export interface HealthReporter {
  /** Handle of the device: `pci/0000:82:00.0`. */
  readonly handle: string;
  /** Index of the port that it watches; undefined for the device itself. */
  readonly portIndex: number | undefined;
  readonly name: string;
  readonly isHealthy: boolean;
  /** Since the driver was loaded. */
  readonly errorCount: number;
  readonly recoveryCount: number;
}

/** Half of a port's index that says which vport it is. @see torvalds/linux mlx5/core/esw/devlink_port.c */
const VPORT_BITS = 0xffff;
const UPLINK_VPORT = 0xffff;

/** Whether a port's index is that of the wire, whichever PF it is of. */
export const isUplinkPort = (index: number): boolean => (index & VPORT_BITS) === UPLINK_VPORT;

/** The VF whose port of the e-switch has the index; undefined for the wire's and a PF's own. */
export function vfIndexOfPort(index: number): number | undefined {
  const vport = index & VPORT_BITS;
  return vport === 0 || vport === UPLINK_VPORT ? undefined : vport - 1;
}

/**
 * Keys are `pci/0000:82:00.0` for a device and `pci/0000:82:00.0/65535` for a port.
 *
 * @see iproute2/iproute2 devlink/devlink.c, pr_out_health
 */
export function parseHealth(answer: unknown): readonly HealthReporter[] {
  return entriesOf(answer, "health").flatMap(([key, reporters]) => {
    const [bus = "", device = "", port] = key.split("/");
    return arrayOf(reporters).map((value) => {
      const reporter = recordOf(value);
      return {
        handle: `${bus}/${device}`,
        portIndex: port === undefined ? undefined : Number(port),
        name: textOf(reporter["reporter"]) ?? "unknown",
        isHealthy: textOf(reporter["state"]) === "healthy",
        errorCount: numberOf(reporter["error"]) ?? 0,
        recoveryCount: numberOf(reporter["recover"]) ?? 0,
      };
    });
  });
}

/** All reporters there are; none where the kernel has no devlink. @throws CommandError */
export const listHealthReporters = async (host: Host): Promise<readonly HealthReporter[]> =>
  parseHealth(await runFamilyJson(host, devlinkHealthShow()));
