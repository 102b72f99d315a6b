import { CommandError, devlinkEswitchSet, type EswitchMode, type Reason } from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { isFamilyAbsent, type NetlinkAnswer, parseNetlinkAnswer } from "../netlink.ts";
import { hostError, readJson, runFamilyJson, runJson } from "../tool.ts";
import { devlinkEswitchShow, devlinkInfo, devlinkPortShow } from "./commands.ts";
import {
  type DevlinkInfo,
  type DevlinkPort,
  parseDevlinkInfo,
  parseDevlinkPorts,
  parseEswitchMode,
} from "./parse.ts";

/** A mode change loads or unloads every vport; cards with many VFs take tens of seconds. */
const ESWITCH_SET_TIMEOUT_MS = 180_000;

/**
 * @param handle `pci/0000:82:00.0`
 * @throws HostError ESWITCH_UNSUPPORTED (a VF, or no eswitch manager), DEVICE_ABSENT, MODULE_MISSING;
 *   CommandError COMMAND_OUTPUT_UNREADABLE for a mode not known here
 */
export async function readEswitchMode(host: Host, handle: string): Promise<EswitchMode> {
  const argv = devlinkEswitchShow(handle);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) {
    const message = `eswitch mode of ${handle} can't be read`;
    throw hostError({ reason: reasonOfRead(result), message, argv, result });
  }
  const mode = parseEswitchMode(readJson(argv, result), handle);
  if (mode !== undefined) return mode;
  throw new CommandError(
    "COMMAND_OUTPUT_UNREADABLE",
    `eswitch mode of ${handle} is neither legacy nor switchdev`,
    { argv: argv.join(" "), output: result.stdout.trim() },
  );
}

function reasonOfRead({ stderr }: CommandResult): Reason {
  if (isFamilyAbsent(stderr)) return "MODULE_MISSING";
  const { errno } = parseNetlinkAnswer(stderr);
  if (errno === "EOPNOTSUPP") return "ESWITCH_UNSUPPORTED";
  return errno === "ENODEV" ? "DEVICE_ABSENT" : "COMMAND_FAILED";
}

/**
 * Switches the eswitch; the mode it has already is success.
 *
 * Never says that firmware is too old or that VFs were present, because the kernel does not: mlx5
 * answers `Failed setting eswitch to offloads` with EINVAL to both. A caller that knows firmware and VF
 * count can tell.
 *
 * @throws HostError ESWITCH_BUSY, ESWITCH_UNSUPPORTED, DEVICE_ABSENT, ESWITCH_CHANGE_FAILED with
 *   `metadata.kernelMessage` and `metadata.errno`
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/eswitch_offloads.c
 */
export async function setEswitchMode(host: Host, handle: string, mode: EswitchMode): Promise<void> {
  const argv = devlinkEswitchSet(handle, mode);
  const result = await host.run({ argv, timeoutMs: ESWITCH_SET_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  throw eswitchError(handle, mode, result);
}

function eswitchError(handle: string, mode: EswitchMode, result: CommandResult) {
  const answer = parseNetlinkAnswer(result.stderr);
  return hostError({
    reason: reasonOfSet(answer),
    message: `eswitch of ${handle} did not go to ${mode}`,
    argv: devlinkEswitchSet(handle, mode),
    result,
    metadata: { kernelMessage: answer.text ?? "", errno: answer.errno ?? "" },
  });
}

function reasonOfSet({ text, errno }: NetlinkAnswer): Reason {
  if (errno === "EBUSY" || text?.includes("E-Switch is busy")) return "ESWITCH_BUSY";
  if (text?.includes("Socket Direct")) return "ESWITCH_UNSUPPORTED";
  if (errno === "EOPNOTSUPP" && text === undefined) return "ESWITCH_UNSUPPORTED";
  return errno === "ENODEV" ? "DEVICE_ABSENT" : "ESWITCH_CHANGE_FAILED";
}

/**
 * Ports of all devlink devices: the surest way from (PF, VF index) to a representor's netdev. None where the
 * kernel has no devlink.
 */
export async function listDevlinkPorts(host: Host): Promise<readonly DevlinkPort[]> {
  return parseDevlinkPorts(await runFamilyJson(host, devlinkPortShow()));
}

/**
 * Driver, PSID and firmware of a PF; VFs answer without versions.
 *
 * @throws CommandError COMMAND_FAILED; InvalidInputError PSID_MALFORMED, FIRMWARE_VERSION_MALFORMED
 */
export async function readDevlinkInfo(host: Host, handle: string): Promise<DevlinkInfo> {
  return parseDevlinkInfo(await runJson(host, devlinkInfo(handle)), handle);
}
