import {
  type EswitchMode,
  type FirmwareVersion,
  type Psid,
  parseFirmwareVersion,
  parsePsid,
} from "@switchyard/model";
import { entriesOf, numberOf, recordOf, textOf } from "../json.ts";

export interface DevlinkPort {
  /** Handle of the device the port belongs to: `pci/0000:82:00.0`. */
  readonly handle: string;
  readonly index: number;
  readonly netdev: string | undefined;
  /** `physical`, `pcivf`, `pcipf`, `virtual` … */
  readonly flavour: string;
  readonly pfNumber: number | undefined;
  readonly vfNumber: number | undefined;
}

export interface DevlinkInfo {
  readonly driver: string;
  readonly psid: Psid | undefined;
  readonly serial: string | undefined;
  readonly running: FirmwareVersion | undefined;
  readonly stored: FirmwareVersion | undefined;
}

/** Undefined for a mode this release does not know, such as `switchdev_inactive`. */
export function parseEswitchMode(answer: unknown, handle: string): EswitchMode | undefined {
  const device = entriesOf(answer, "dev").find(([name]) => name === handle)?.[1];
  const mode = textOf(recordOf(device)["mode"]);
  return mode === "legacy" || mode === "switchdev" ? mode : undefined;
}

/** @see iproute2/iproute2 devlink/devlink.c, pr_out_port */
export function parseDevlinkPorts(answer: unknown): readonly DevlinkPort[] {
  return entriesOf(answer, "port").map(([name, value]) => {
    const port = recordOf(value);
    const slash = name.lastIndexOf("/");
    return {
      handle: name.slice(0, slash),
      index: Number(name.slice(slash + 1)),
      netdev: textOf(port["netdev"]),
      flavour: textOf(port["flavour"]) ?? "unknown",
      pfNumber: numberOf(port["pfnum"]),
      vfNumber: numberOf(port["vfnum"]),
    };
  });
}

/**
 * @throws InvalidInputError PSID_MALFORMED, FIRMWARE_VERSION_MALFORMED
 * @see torvalds/linux Documentation/networking/devlink/devlink-info.rst, mlx5.rst
 */
export function parseDevlinkInfo(answer: unknown, handle: string): DevlinkInfo {
  const device = entriesOf(answer, "info").find(([name]) => name === handle)?.[1];
  const info = recordOf(device);
  const versions = recordOf(info["versions"]);
  const psid = textOf(recordOf(versions["fixed"])["fw.psid"]);
  return {
    driver: textOf(info["driver"]) ?? "",
    psid: psid === undefined ? undefined : parsePsid(psid),
    serial: textOf(info["serial_number"]) ?? textOf(info["board.serial_number"]),
    running: firmwareOf(versions["running"]),
    stored: firmwareOf(versions["stored"]),
  };
}

function firmwareOf(versions: unknown): FirmwareVersion | undefined {
  const group = recordOf(versions);
  const text = textOf(group["fw.version"]) ?? textOf(group["fw"]);
  return text === undefined ? undefined : parseFirmwareVersion(text);
}
