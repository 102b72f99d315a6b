import type { FirmwareVersion, PciAddress } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { dmesg } from "./commands.ts";
import { parseLoggedFirmware } from "./parse.ts";

/** Firmware of a PF as the kernel log of this boot has it; undefined where it does not say. */
export async function findLoggedFirmware(
  host: Host,
  pf: PciAddress,
): Promise<FirmwareVersion | undefined> {
  const { exitCode, stdout } = await host.run({ argv: dmesg() });
  return exitCode === 0 ? parseLoggedFirmware(stdout, pf) : undefined;
}
