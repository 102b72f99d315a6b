import type { PciAddress } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { commandError, listOptional, readLinkName, readOptional } from "../tool.ts";
import { ibvDevinfo } from "./commands.ts";
import { parseIbvDevinfo, type RdmaDevice } from "./parse.ts";

const CLASS = "/sys/class/infiniband";

/**
 * RDMA devices with firmware and PSID; none while no module offers any.
 *
 * @throws CommandError COMMAND_FAILED, COMMAND_NOT_STARTED
 */
export async function listRdmaDevices(host: Host): Promise<readonly RdmaDevice[]> {
  const argv = ibvDevinfo();
  const result = await host.run({ argv });
  if (result.exitCode === 0) return parseIbvDevinfo(result.stdout);
  if (/No IB devices found/.test(result.stderr)) return [];
  throw commandError(argv, result);
}

/** Folder of the RDMA device of a function, `/sys/class/infiniband/mlx5_0`; undefined when it has none. */
export async function findRdmaDevice(host: Host, pf: PciAddress): Promise<string | undefined> {
  for (const name of await listOptional(host, CLASS)) {
    if ((await readLinkName(host, `${CLASS}/${name}/device`)) === pf) return `${CLASS}/${name}`;
  }
  return undefined;
}

/** Firmware version that the RDMA device of a PF tells, as text; undefined when it has none. */
export async function readRdmaFirmware(host: Host, pf: PciAddress): Promise<string | undefined> {
  const device = await findRdmaDevice(host, pf);
  return device === undefined ? undefined : await readOptional(host, `${device}/fw_ver`);
}
