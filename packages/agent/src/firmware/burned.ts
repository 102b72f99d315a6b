import { type Host, HostFileError } from "@switchyard/host";
import type { FirmwareVersion, PciAddress } from "@switchyard/model";

/** What was burned into which card and in which boot, so that a boot without effect is seen as one. */
const FOLDER = "/var/lib/switchyard/firmware";

const pathOf = (pf: PciAddress): string => `${FOLDER}/${pf}.burned`;

export interface Burned {
  readonly version: string;
  readonly bootId: string;
}

export const writeBurned = (
  host: Host,
  pf: PciAddress,
  burned: { readonly version: FirmwareVersion; readonly bootId: string },
): Promise<void> => host.replaceFile(pathOf(pf), `${burned.version} ${burned.bootId}\n`);

/** The last burn by us; undefined when there was none. */
export async function findBurned(host: Host, pf: PciAddress): Promise<Burned | undefined> {
  try {
    const [version = "", bootId = ""] = (await host.readFile(pathOf(pf))).trim().split(" ");
    return { version, bootId };
  } catch (error) {
    if (error instanceof HostFileError) return undefined;
    throw error;
  }
}
