import type { Host } from "@switchyard/host";
import { HostFileError } from "@switchyard/host";

/** Changes with every change we make to a card's configuration, which nothing cheap on the host shows. */
const STAMP_PATH = "/run/switchyard/firmware-config";

export const stampFirmwareConfig = (host: Host, stamp: string): Promise<void> =>
  host.replaceFile(STAMP_PATH, `${stamp}\n`);

/** Empty before the first change since the boot. */
export async function readFirmwareConfigStamp(host: Host): Promise<string> {
  try {
    return (await host.readFile(STAMP_PATH)).trim();
  } catch (error) {
    if (error instanceof HostFileError) return "";
    throw error;
  }
}
